/**
 * One screen map: a dash-leaflet map with all layers of gridhall on it, what is picked on it and what it shows.
 * `gridhall.map` speaks to the page's main map (id "map", else the newest); `gridhall.map.of(id)` gives any other.
 */
gridhall.leaflet.ready((L) => {
  "use strict";

  const MAIN = "map"; // id of the page's main map
  const EASE_S = 1.2;
  const HOVER_MS = 40;
  const FIT_PADDING_PX = 16;
  const LEVELS_AT_MOST = 12;
  const BIG_LEVEL = 2000; // a level with more regions is fetched only when it is to be seen

  const motion = () =>
    document.documentElement.dataset.motion !== "0" && !/[?&]motion=0\b/.test(location.search) &&
    !matchMedia("(prefers-reduced-motion: reduce)").matches;
  const painter = () => new URLSearchParams(location.search).get("painter"); // of the workers: "gl" or "pixels", whatever the machine has

  /** Pixels of one u where the page is a wall (its root says the step), else 0. */
  function unit() {
    if (!document.documentElement.dataset.step) return 0;
    const probe = document.body.appendChild(document.createElement("i"));
    probe.style.cssText = "position:absolute;visibility:hidden;width:calc(100 * var(--u))";
    const width = probe.getBoundingClientRect().width / 100;
    probe.remove();
    return width;
  }

  class MapView extends gridhall.Emitter {
    constructor(map) {
      super();
      this.map = map;
      this.id = map.getContainer().id;
      this.config = gridhall.readConfig();
      this.region = (this.id === MAIN && gridhall.shell?.region?.()) || this.config.root || null;
      this.focused = null;
      this.hovered = null;
      this.fitted = null;
      this.covered = 0; // px at the right that something lies over, of what it is fitted to
      this.#addLayers();
      this.setFar("auto");
      this.#addTiles();
      this.#addTip();
      this.#listen();
      this.#resize();
      this.#load();
      if (this.region) this.setRegion(this.region, { fit: false });
      if (this.region) this.fit(this.region, { animate: false });
    }

    // --- making -------------------------------------------------------------------------------------------------------------

    #addLayers() {
      const { layers, city, live, readConfig } = gridhall;
      const clock = () => live.now();
      const { lang = "zh", timezone, tiles = [] } = readConfig();
      const table = (name) => live.tables.get(name);
      this.layers = {
        base: new layers.BaseLayer({ shapes: city.shapes }),
        regions: new layers.RegionsLayer({ shapes: city.shapes, levels: this.levels(), tiles: tiles.length > 0 }),
        highlight: new layers.HighlightLayer({ shapes: city.shapes }),
        feeds: new layers.FeedsLayer({ table: table("feed"), clock }),
        tracks: new layers.TracksLayer({ timezone }),
        workers: new layers.WorkersLayer({ table: table("worker"), clock, motion: motion(), painter: painter() }),
        names: new layers.NamesLayer({
          shapes: city.shapes, lang, shun: (view) => this.layers?.orders?.urgent(view) ?? [], below: (code) => this.layers?.donuts?.radiusAt(code) ?? 0,
        }),
        orders: new layers.OrdersLayer({ table: table("order"), clock }),
        heat: new layers.HeatLayer({ table: table("order") }),
        rings: new layers.AlarmLayer({ part: "rings" }),
        alarm: new layers.AlarmLayer({ part: "point", motion: motion() }),
      };
      const { workers } = this.layers;
      this.layers.workerNames = new layers.WorkerNamesLayer({ workers });
      this.layers.donuts = new layers.DonutsLayer({ workers, shapes: city.shapes, childOf: (code) => this.#childOf(code) });
      for (const layer of Object.values(this.layers)) layer.addTo(this.map);
      this.layers.orders.onLights = this.layers.donuts.placed = () => this.layers.names.invalidate();
      const source = (kind, name) => ({
        kind, layer: this.layers[name], id: (slot) => table(kind).text.id[slot],
        name: (slot) => table(kind).text.name?.[slot] || table(kind).text.title?.[slot] || table(kind).text.id[slot],
      });
      const tracks = { kind: "track", layer: this.layers.tracks };
      this.hits = new gridhall.Hits([source("worker", "workers"), tracks, source("order", "orders"), source("feed", "feeds")]);
    }

    #addTiles() {
      for (const { url, datum, attribution, subdomains, max_zoom: maxNativeZoom, min_zoom: minZoom } of this.config.tiles ?? []) {
        if (datum !== "gcj02") continue; // those in WGS-84 are dl.TileLayers of the page
        const options = { attribution, maxZoom: 22, maxNativeZoom, minZoom, ...(subdomains ? { subdomains } : {}) };
        gridhall.gcj02.tileLayer(url, options).addTo(this.map);
      }
      if (!this.map.getContainer().querySelector(".leaflet-control-scale")) {
        this.scaleBar = new gridhall.layers.ScaleBar({ position: "bottomleft" }).addTo(this.map);
      }
    }

    #addTip() {
      const container = this.map.getContainer();
      this.tip = L.DomUtil.create("div", "gh-tip", container);
      this.tip.style.cssText = "position:absolute;z-index:900;pointer-events:none;display:none;white-space:nowrap;padding:2px 8px;" +
        "background:var(--bg2);border:1px solid var(--line2);color:var(--t1);font:400 14px/1.5 var(--font)";
      this.said = L.DomUtil.create("div", "gh-said", container);
      this.said.style.cssText = "position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)";
      this.said.setAttribute("aria-live", "polite");
    }

    #listen() {
      const { map } = this;
      map.on("click", (event) => this.#click(event));
      map.on("mousemove", (event) => this.#hoverSoon(event));
      map.on("mouseout", () => this.#setHover(null, null));
      map.on("dragstart", () => (this.fitted = null));
      map.on("moveend zoomend", () => this.#moved());
      map.getContainer().addEventListener("wheel", () => (this.fitted = null), { passive: true });
      map.getContainer().addEventListener("keydown", (event) => this.#key(event));
      const off = gridhall.city.on("shapes", () => this.#drawCity());
      const unwatch = gridhall.canvases.watchRatio(() => this.#layAll());
      const watcher = new ResizeObserver(() => this.#resized());
      watcher.observe(map.getContainer());
      map.on("unload", () => {
        off();
        unwatch();
        watcher.disconnect();
        clearTimeout(this.hoverTimer);
        gridhall.map.drop(this);
      });
    }

    #moved() {
      this.#load();
      this.emit("move", this.map.getBounds(), this.metresPerPixel());
    }

    #resized() {
      if (!gridhall.leaflet.stands(this.map)) return;
      this.map.invalidateSize({ animate: false, pan: !this.fitted });
      this.#resize();
      if (this.fitted) this.fit(this.fitted, { animate: false, right: this.covered });
    }

    /** Another screen, or another zoom of the browser: as many device pixels as there are now. */
    #layAll() {
      for (const layer of Object.values(this.layers)) layer.lay?.();
    }

    /** The child of the own region that holds a region (or is it), by the tree of the page's configuration; null: none. */
    #childOf(code) {
      const regions = this.config.regions ?? {};
      let at = code;
      for (let i = 0; at && i < LEVELS_AT_MOST; i += 1) {
        const parent = regions[at]?.parent;
        if (parent === this.region) return at;
        at = parent;
      }
      return code && code === this.region ? code : null;
    }

    /** Signs and labels in the wall's units, or in px on a desk. */
    #resize() {
      const u = unit();
      const size = u ? Math.max(0.8, u) : 1;
      if (this.u === size) return;
      this.u = size;
      for (const name of ["workers", "orders", "feeds", "donuts", "heat", "rings", "alarm"]) this.layers[name].setSignSize(size);
      this.layers.names.labelSize = u ? 18 * size : 15;
      this.layers.names.invalidate();
    }

    /** Level keys from the coarsest to the finest. */
    levels() {
      return (this.config.levels ?? []).map((level) => level.key ?? level);
    }

    #load() {
      gridhall.city.loadBase();
      const counts = {};
      for (const { level } of Object.values(this.config.regions ?? {})) counts[level] = (counts[level] ?? 0) + 1;
      const shown = this.layers.regions.shownLevels(this.metresPerPixel());
      this.levels().forEach((level, index) => {
        if ((counts[index] ?? 0) <= BIG_LEVEL || shown.includes(level)) gridhall.city.loadLevel(level);
      });
    }

    #drawCity() {
      for (const name of ["base", "regions", "highlight", "names", "donuts"]) this.layers[name].invalidate();
    }

    metresPerPixel() {
      return gridhall.geo.metresPerPixel(this.map.getCenter().lat, this.map.getZoom());
    }

    // --- pointer and keys ---------------------------------------------------------------------------------------------------

    #click({ containerPoint, latlng, originalEvent }) {
      const hit = this.hits.at(containerPoint.x, containerPoint.y, { touch: originalEvent?.pointerType === "touch" });
      if (hit?.id) return this.pick(hit.kind, hit.id, hit);
      const child = gridhall.city.shapes.childAt(this.region, latlng.lng, latlng.lat);
      if (child) this.pick("region", child.code);
      else this.emit("empty", latlng);
    }

    /** Tells everybody that something was picked, also Dash (the store "selection"). */
    pick(kind, id, { x, y } = {}) {
      const data = { kind, id, at: Date.now() };
      this.emit("pick", { ...data, x, y });
      gridhall.map.emit("pick", { ...data, x, y, map: this.id });
      if (!this.mute) globalThis.dash_clientside?.set_props?.("selection", { data });
    }

    #hoverSoon(event) {
      this.pointer = event;
      this.hoverTimer ??= setTimeout(() => {
        this.hoverTimer = null;
        this.#hover(this.pointer);
      }, HOVER_MS);
    }

    #hover({ containerPoint, latlng }) {
      if (!gridhall.leaflet.stands(this.map)) return;
      const hit = this.hits.at(containerPoint.x, containerPoint.y);
      const child = hit ? null : gridhall.city.shapes.childAt(this.region, latlng.lng, latlng.lat);
      const ring = hit ? null : this.layers.donuts.at(containerPoint.x, containerPoint.y);
      this.#setHover(hit, child, ring && { ...containerPoint, name: this.#toldOf(ring) });
    }

    /** A ring in words: its regions, how many workers, and how many in each state. */
    #toldOf({ codes, total, counts }) {
      const { words, donuts, signs } = gridhall;
      const regions = this.config.regions ?? {};
      const names = codes.map((code) => regions[code]?.short ?? regions[code]?.name ?? words?.("map.nowhere") ?? code);
      const states = donuts.ORDER.map((state) => [words?.(`state.${state}`) ?? state, counts[signs.STATES.indexOf(state)]]);
      return [`${names.join(" ")} ${total}`, ...states.filter(([, count]) => count).map((told) => told.join(" "))].join(" · ");
    }

    #setHover(hit, child, ring = null) {
      this.layers.highlight.setHovered(child?.code ?? null);
      this.map.getContainer().style.cursor = hit?.id || child ? "pointer" : "";
      this.#showTip(hit ?? ring);
      const key = hit ? `${hit.kind} ${hit.id}` : child ? `region ${child.code}` : null;
      if (key === this.hovered) return;
      this.hovered = key;
      this.emit("hover", hit ?? (child && { kind: "region", id: child.code, name: child.name }));
    }

    #showTip(hit) {
      this.tip.style.display = hit?.name ? "block" : "none";
      if (!hit?.name) return;
      this.tip.textContent = hit.name;
      const left = hit.x + 16 + this.tip.offsetWidth > this.map.getSize().x ? hit.x - 16 - this.tip.offsetWidth : hit.x + 16;
      this.tip.style.left = `${left}px`;
      this.tip.style.top = `${hit.y - 14}px`;
    }

    /** "]" and "[" go from sign to sign, Enter picks. */
    #key(event) {
      if (event.key === "]" || event.key === "[") this.focusNext(event.key === "]" ? 1 : -1);
      else if (event.key === "Enter" && this.focused && event.target === this.map.getContainer()) this.pick(this.focused.kind, this.focused.id);
      else if (event.key === "Escape") this.#setHover(null, null);
      else return;
      event.preventDefault();
    }

    /** Moves the keyboard's focus to the next (1) or previous (−1) sign on the screen; returns it or null. */
    focusNext(step = 1) {
      this.focused = this.hits.next(this.focused, step);
      this.#showTip(this.focused);
      this.said.textContent = this.focused?.name ?? "";
      this.emit("focus", this.focused);
      return this.focused;
    }

    // --- what is shown ------------------------------------------------------------------------------------------------------

    /** Marks one object as selected: `select("worker", id)` or `select({kind, id})`; `select(null)` none. */
    select(what, key = null) {
      const { kind = null, id = null } = typeof what === "object" ? what ?? {} : { kind: what, id: key };
      this.layers.workers.setSelected(kind === "worker" ? id : null);
      this.layers.orders.setSelected(kind === "order" ? id : null);
      this.layers.feeds.setSelected(kind === "feed" ? id : null);
      const row = kind && gridhall.live.tables.get(kind)?.row(id);
      this.layers.feeds.setNear(row && row.lon !== 2147483647 ? [row.lon * 1e-7, row.lat * 1e-7] : null);
      if (kind !== "worker") this.layers.highlight.setDuty(null);
    }

    /** Outlines the responsible grid of the selected worker. */
    showDuty(code) {
      const level = this.config.regions?.[code]?.level;
      if (level !== undefined) gridhall.city.loadLevel(this.levels()[level]);
      this.layers.highlight.setDuty(code);
    }

    /** Makes a region the own one: shade around it, children to pick; moves there unless `fit` is false. */
    setRegion(code, { fit = true } = {}) {
      this.region = code;
      this.layers.regions.setRegion(code);
      this.layers.names.setRegion(code);
      this.layers.highlight.setHovered(null);
      this.layers.donuts.recount();
      if (fit) this.fit(code);
    }

    #boundsOf(target) {
      if (typeof target !== "string") return target && L.latLngBounds(target);
      const known = this.config.regions?.[target]?.bounds;
      if (known) return L.latLngBounds(known);
      const region = gridhall.city.shapes.regions.get(target);
      if (!region) return null;
      const { latOf, lonOf } = gridhall.geo;
      const [left, top, right, bottom] = region.box;
      return L.latLngBounds([[latOf(bottom), lonOf(left)], [latOf(top), lonOf(right)]]);
    }

    /**
     * Eases to a region code, or to [[south, west], [north, east]]. Stays fitted when the map's size changes. `right`: px of the
     * map that something lies over at its right.
     */
    fit(target, { animate = true, padding = FIT_PADDING_PX, right = 0, maxZoom = 18 } = {}) {
      const bounds = this.#boundsOf(target);
      if (!bounds?.isValid()) return;
      const options = { paddingTopLeft: [padding, padding], paddingBottomRight: [padding + right, padding], maxZoom };
      this.fitted = target;
      this.covered = right;
      const size = this.map.getSize();
      const { zoomSnap } = this.map.options;
      this.map.options.zoomSnap = 0; // the city's own vectors are sharp at any scale: fill the frame
      if (animate && motion() && gridhall.leaflet.stands(this.map) && size.x && size.y) this.map.flyToBounds(bounds, { ...options, duration: EASE_S });
      else this.map.fitBounds(bounds, { ...options, animate: false });
      this.map.options.zoomSnap = zoomSnap;
    }

    /** Where the map stands, for `restore`: what it is fitted to, or its middle and zoom. */
    standing() {
      const { map, fitted, region } = this;
      const here = gridhall.leaflet.stands(map);
      return { region, fitted, center: here ? map.getCenter() : null, zoom: here ? map.getZoom() : null };
    }

    /** Back to where it stood, unless another region has been opened meanwhile. */
    restore({ region, fitted, center, zoom }) {
      if (region !== this.region) return;
      if (fitted) this.fit(fitted);
      else if (center) this.center(center.lng, center.lat, zoom);
    }

    /** Eases to one place. */
    center(lon, lat, zoom = Math.max(this.map.getZoom(), 17)) {
      this.fitted = null;
      if (motion()) this.map.flyTo([lat, lon], zoom, { duration: EASE_S });
      else this.map.setView([lat, lon], zoom, { animate: false });
    }

    /**
     * Shows or hides a layer: workers, orders, feeds (true, false or "near": only close up; orders also "points" and "heat"), base,
     * grids, tracks.
     */
    setLayer(name, on) {
      if (name === "orders") this.#setOrders(on);
      else if (name === "feeds") this.layers.feeds.setMode(on);
      else if (name === "grids") this.#setBorders(on);
      else if (name === "workers") this.#setWorkers(Boolean(on));
      else if (this.layers[name]) this.map[on ? "addLayer" : "removeLayer"](this.layers[name]);
    }

    #setWorkers(on) {
      this.layers.workers.setShown(on);
      this.#drawFar();
    }

    #setOrders(mode) {
      this.layers.orders.setMode(mode);
      this.layers.heat.setOn(mode === "heat");
      this.layers.names.invalidate();
    }

    /** Regions by an indicator: `{code: {step: 0…5, text, muted}}`, step 0: no base; null: none. */
    setColours(colours) {
      const told = JSON.stringify(colours); // figures come every second, and mostly say the same
      if (told === this.colours) return;
      this.colours = told;
      for (const name of ["regions", "names"]) this.layers[name].setColours(colours);
    }

    /** Far out: "donuts" (a ring by state per child region), "dots", or "auto" (rings above 12 m/px or 20,000 workers). */
    setFar(mode) {
      this.layers.workers.setFar(mode);
      this.#drawFar();
    }

    #drawFar() {
      this.layers.donuts.recount();
      for (const name of ["donuts", "names"]) this.layers[name].invalidate();
    }

    /** The place of an emergency with rings around it: `{lon, lat, radii_m}`; null: none. */
    setAlarm(alarm) {
      for (const name of ["rings", "alarm"]) this.layers[name].setAlarm(alarm);
    }

    #setBorders(on) {
      this.layers.regions.hideFine = !on;
      this.layers.regions.invalidate();
    }

    /** Shows only workers of these presences and roles (names; null: all). */
    setFilter(filter) {
      this.layers.workers.setFilter(filter);
      this.#drawFar();
    }

    /** Workers drawn larger close up, with their letters (A, B…; none by default) and, for those in `ringed`, a ring. */
    setChosen(ids, letters = [], ringed = []) {
      this.layers.workers.setChosen(ids, ringed);
      this.layers.workerNames.setLetters(new Map(ids.map((id, i) => [id, letters[i]]).filter(([, letter]) => letter)));
    }

    /** Cameras that bear the numbers 1, 2, 3… and show their view. */
    setNumbers(ids) {
      this.layers.feeds.setNumbers(ids);
    }

    /** Draws a worker's day (the dossier, or the GeoJSON of a track) and goes there unless `fit` is false; `right` as of `fit`. */
    showTrack(data, { fit = true, right = 0 } = {}) {
      this.layers.tracks.show(data);
      const bounds = this.layers.tracks.bounds();
      if (fit && bounds) this.fit(bounds, { padding: 60, right });
    }

    clearTrack() {
      this.layers.tracks.show(null);
    }

    /** Puts the playhead at an instant (ms UTC); null: none. */
    setTrackTime(atMs) {
      this.layers.tracks.setTime(atMs);
    }

    /** Colours again, after a change of theme. */
    refreshTheme() {
      gridhall.palette.refresh();
      this.u = 0;
      this.#resize();
      this.#drawCity();
      this.layers.tracks.invalidate();
    }
  }

  gridhall.MapView = MapView;
});
