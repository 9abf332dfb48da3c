/** The catalogue of matters as a phone offers it. */

/** What can be chosen: the leaves of the tree, each with the names above it. `matters`: [{key, name, parent}]. */
export function leavesOf(matters) {
  const byKey = new Map(matters.map((matter) => [matter.key, matter]));
  const parents = new Set(matters.map((matter) => matter.parent).filter(Boolean));
  return matters.filter((matter) => !parents.has(matter.key)).map((matter) => ({ ...matter, path: pathOf(byKey, matter) }));
}

function pathOf(byKey, matter) {
  const path = [];
  for (let above = byKey.get(matter.parent); above && path.length < 9; above = byKey.get(above.parent)) path.unshift(above.name);
  return path;
}

/** Leaves that the words find, every word somewhere in the name or the path. */
export function found(leaves, text) {
  const wanted = text.toLowerCase().split(/\s+/).filter(Boolean);
  return leaves.filter(({ name, path, key }) => {
    const all = [name, key, ...path].join(" ").toLowerCase();
    return wanted.every((word) => all.includes(word));
  });
}
