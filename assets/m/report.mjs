/** The report: matter, words, photos, place; and, if it was put right on the spot, what was done. Kept at every change. */
import { el, fill } from "./dom.mjs";
import { group } from "./fields.mjs";
import { labelled, longField, matterField, photoField, placeField, textField, toggle } from "./forms.mjs";

const { words: w } = globalThis.gridhall;
const WHAT = "report";
const STALE_MS = 120_000;
const EMPTY = { category: "", title: "", text: "", address: "", place: null, photos: [], handled: false, note: "" };

export async function reportView(app, [mends]) {
  const old = mends ? (await app.outbox.entries()).find((entry) => entry.id === mends && entry.kind === "report") : null;
  const draft = { ...EMPTY, ...(old ? await draftOf(app, old) : await app.drafts.get(WHAT)) };
  const form = el("form", { class: "page form", id: "report-form", novalidate: true, onsubmit: submit });
  const button = el("button", { type: "submit", class: "button primary", form: "report-form" }, w("handset.report.send"));
  const foot = el("div", { class: "foot" }, button);

  const into = (name) => async (value) => {
    draft[name] = value;
    if (old) return;
    const kept = name === "photos" ? app.drafts.keepPhotos(WHAT, value) : app.drafts.keep(WHAT, draft);
    await kept.catch((fault) => app.toast(app.storageSaid(fault)));
  };
  const chosen = (key) => {
    draft.title = app.matterName(key);
    return into("category")(key);
  };
  if (draft.place?.by === "me" && !(app.nowMs() - draft.place.at_ms < STALE_MS)) draft.place = null; // where the phone was then
  const note = labelled(w("handset.handled.note"), longField(draft.note, into("note"), { placeholder: w("handset.handled.hint") }), { need: true });
  note.hidden = !draft.handled;
  const place = placeField(app, draft.place, into("place"));
  fill(form,
    old?.refusal && el("p", { class: "bad form-refused" }, w("handset.mend.refused", { said: old.refusal.said })),
    labelled(w("handset.matter"), matterField(app, draft.category, chosen, draft.title), { need: true }),
    group(w("handset.photos"), photoField(draft.photos, into("photos"), app.toast), false),
    labelled(w("handset.field.text"), longField(draft.text, into("text"), { placeholder: w("handset.text.hint") }), { need: true }),
    group(w("handset.place"), place.node, true),
    labelled(w("handset.field.address"), textField(draft.address, into("address"), { placeholder: w("handset.address.hint") })),
    !old && toggle(w("handset.handled"), draft.handled, (on) => {
      note.hidden = !on;
      into("handled")(on);
    }, w("handset.handled.means")),
    !old && note);

  function lacks() {
    const names = [["category", "handset.matter"], ["text", "handset.field.text"]].filter(([name]) => !draft[name].trim()).map(([, key]) => w(key));
    if (!draft.place && !draft.address.trim()) names.push(w("handset.place"));
    if (draft.handled && !draft.note.trim()) names.push(w("handset.handled.note"));
    return names;
  }

  async function submit(event) {
    event.preventDefault();
    const names = lacks();
    if (names.length) return app.toast(w("handset.lacks", { names: names.join(w("handset.comma")) }));
    button.disabled = true;
    const fields = fieldsOf(app, draft);
    if (draft.handled && !old) fields.self_handled = true; // so that no rule of the city takes it on before it is filed
    const { title } = draft;
    try {
      if (old) await app.outbox.revise(old.id, { fields, photos: draft.photos, title });
      else await app.outbox.report({ fields, photos: draft.photos, title, then: draft.handled ? [{ action: "self_handle", fields: { note: draft.note.trim() } }] : [] });
      if (!old) await app.drafts.drop(WHAT);
    } catch (fault) {
      button.disabled = false;
      return app.toast(app.storageSaid(fault));
    }
    app.filed();
    app.back("#/orders");
  }

  return { title: w(old ? "handset.mend" : "handset.report"), tab: "report", back: old ? "#/me" : null, node: form, foot, close: place.close };
}

/** The fields of the API. A place that still follows the phone is where the phone was when it was filed. */
export function fieldsOf(app, draft) {
  const fields = { text: draft.text.trim(), category: draft.category };
  if (app.mine()?.channel) fields.channel = app.mine().channel;
  if (draft.address.trim()) fields.address = draft.address.trim();
  if (draft.place) Object.assign(fields, { lon: draft.place.lon, lat: draft.place.lat });
  return fields;
}

async function draftOf(app, entry) {
  const { category = "", text = "", address = "", lon, lat } = entry.fields;
  const place = lon === undefined ? null : { lon, lat, by: "map" };
  return { category, title: entry.title, text, address, place, photos: await app.outbox.photosOf(entry) };
}
