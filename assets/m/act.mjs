/** The form of one action on an order: what it needs, what is welcome besides. Filed into the outbox. */
import { el, fill } from "./dom.mjs";
import { fieldOf, missing, namesOf } from "./fields.mjs";
import { actionsOf } from "./order.mjs";
import { placeOf } from "./orders.mjs";

const { words: w } = globalThis.gridhall;

export async function actView(app, [number, action, mends]) {
  const order = number ? await app.order(number) : null;
  const old = mends ? (await app.outbox.entries()).find((entry) => entry.id === mends) : null;
  const what = `${number}|${action}`;
  const draft = old ? { fields: { ...old.fields }, photos: await app.outbox.photosOf(old) } : { fields: {}, photos: [], ...(await app.drafts.get(what)) };
  const rows = await rowsOf(app, number, order, action, old);
  const choices = rows.map((row) => row.choice).filter(Boolean);
  draft.results = choices.length ? choices : app.config.choices[action];
  const form = el("form", { class: "page form", novalidate: true, onsubmit: submit });
  const submitButton = el("button", { type: "submit", class: "button primary" }, w("handset.submit"));
  const foot = el("div", { class: "foot" }, submitButton);
  let closes = [];
  form.id = "act-form";
  submitButton.setAttribute("form", form.id);

  const row = () => rows.find(({ choice }) => !choice || choice === draft.fields.result) ?? { choice: "", needs: ["result"], optional: [] };

  let photosKept = draft.photos;
  async function keep() {
    if (!old) {
      const writes = [app.drafts.keep(what, { fields: draft.fields })];
      if (photosKept !== draft.photos) writes.push(app.drafts.keepPhotos(what, (photosKept = draft.photos)));
      await Promise.all(writes).catch((fault) => app.toast(app.storageSaid(fault)));
    }
    if (shown !== row()) paint();
  }

  let shown = null;
  function paint() {
    shown = row();
    for (const close of closes) close();
    const { asked, welcome } = namesOf(shown);
    const names = [...asked.map((group) => [group, true]), ...welcome.map((name) => [[name], false])];
    const drawn = names.flatMap(([group, need]) => group.filter((name) => name !== "lat").map((name) => fieldOf(app, name, { draft, heard: keep, need, order: order?.order, action })));
    closes = drawn.map((field) => field.close).filter(Boolean);
    fill(form,
      order && el("p", { class: "form-about" }, el("b", {}, order.order.title), el("span", { class: "t3" }, placeOf(app, order.order))),
      old?.refusal && el("p", { class: "bad form-refused" }, w("handset.mend.refused", { said: old.refusal.said })),
      drawn.map((field) => field.node));
  }

  async function submit(event) {
    event.preventDefault();
    const lacks = missing(shown, draft.fields, draft.photos.length);
    if (lacks.length) return app.toast(w("handset.lacks", { names: lacks.map((name) => w(`handset.field.${name}`)).join(w("handset.comma")) }));
    const names = new Set([...namesOf(shown).asked.flat(), ...namesOf(shown).welcome]);
    const fields = Object.fromEntries(Object.entries(draft.fields).filter(([name]) => names.has(name)));
    submitButton.disabled = true;
    try {
      const title = order?.order.title ?? old?.title ?? number;
      if (old) await app.outbox.revise(old.id, { fields, photos: draft.photos, title });
      else await app.outbox.act({ order: number, action, fields, photos: draft.photos, title });
      await app.drafts.drop(what);
    } catch (fault) {
      submitButton.disabled = false;
      return app.toast(app.storageSaid(fault));
    }
    app.filed();
    app.back(number ? `#/order/${encodeURIComponent(number)}` : "#/orders");
  }

  if (rows.length) paint();
  else fill(form, el("p", { class: "empty" }, w("handset.act.gone")));
  foot.hidden = !rows.length;
  return { title: w(`action.${action}`), back: number ? `#/order/${encodeURIComponent(number)}` : "#/me", node: form, foot, close: () => closes.forEach((close) => close()) };
}

async function rowsOf(app, number, order, action, old) {
  const entries = (await app.outbox.entries()).filter((entry) => entry.order === number && entry.state === "waiting" && entry.id !== old?.id);
  const told = order ? actionsOf(app, order, entries).may.find((one) => one.action === action)?.rows : null;
  if (told) return told;
  // what was filed before may be mended whatever the order has become: the server judges it
  return old ? [{ choice: old.fields.result ?? "", needs: Object.keys(old.fields), optional: ["photos", "note"] }] : [];
}
