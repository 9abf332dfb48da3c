/** What this phone remembers by name, for as long as its browser keeps anything. */

export function preferred(name) {
  try {
    return localStorage.getItem(`gridhall.${name}`);
  } catch {
    return null;
  }
}

export function prefer(name, value) {
  try {
    localStorage.setItem(`gridhall.${name}`, value);
  } catch {
    // a browser that keeps nothing: the choice holds for this page
  }
}
