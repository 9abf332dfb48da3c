/** Photos as they leave the phone: JPEG, at most 1600 px on the longer side, upright, without what the camera wrote beside it. */
import { newId } from "./ids.mjs";

export const MOST_PHOTOS = 9;
const LONGEST_PX = 1600;
const QUALITY = 0.82;
const TYPE = "image/jpeg";

/** {id, bytes, type, name} of a picked file. Rejects for what this phone cannot show. */
export async function photoOf(file, now = Date.now()) {
  const picture = await pictureOf(file);
  const share = Math.min(1, LONGEST_PX / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(picture.width * share));
  canvas.height = Math.max(1, Math.round(picture.height * share));
  const ctx = canvas.getContext("2d");
  ctx.imageSmoothingQuality = "high";
  ctx.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close?.();
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, TYPE, QUALITY));
  canvas.width = 0; // a cheap phone has little room: give it back at once
  if (!blob) throw new Error("the picture cannot be written");
  return { id: newId(), bytes: await blob.arrayBuffer(), type: TYPE, name: `${now}.jpg` };
}

async function pictureOf(file) {
  if (globalThis.createImageBitmap) {
    try {
      return await createImageBitmap(file, { imageOrientation: "from-image" });
    } catch {
      // older browsers do not know the option, or this kind of file: ask the element
    }
  }
  const url = URL.createObjectURL(file);
  const image = new Image();
  try {
    image.src = url;
    await image.decode();
    return image;
  } finally {
    URL.revokeObjectURL(url);
  }
}

const shown = new WeakMap();

/** An address under which the page can show a photo that is on the phone. */
export function urlOf(photo) {
  if (!shown.has(photo)) shown.set(photo, URL.createObjectURL(new Blob([photo.bytes], { type: photo.type })));
  return shown.get(photo);
}

/** Gives the address back when the photo is no longer shown. */
export function forget(photo) {
  const url = shown.get(photo);
  if (url) URL.revokeObjectURL(url);
  shown.delete(photo);
}
