/** All maps of the page: `gridhall.map`. What it is asked itself goes to the main one. */
gridhall.leaflet.ready((L) => {
  "use strict";

  const MAIN = "map"; // id of the page's main map
  const [CONFIG_TRIES, CONFIG_WAIT_MS] = [40, 50];

  // what the page's main map can be asked by `gridhall.map.…`
  const SPOKEN = ["select", "showDuty", "setRegion", "fit", "center", "setLayer", "setFilter", "setChosen", "setNumbers", "setColours", "setFar",
    "setAlarm", "showTrack", "clearTrack", "setTrackTime", "refreshTheme", "focusNext", "pick"];

  class Maps extends gridhall.Emitter {
    constructor() {
      super();
      this.views = [];
      for (const name of SPOKEN) this[name] = (...values) => this.main?.[name](...values);
    }

    get main() {
      return this.views.find((view) => view.id === MAIN) ?? this.views.at(-1) ?? null;
    }

    /** The view of the dl.Map with this id, or null. */
    of(id) {
      return this.views.findLast((view) => view.id === id) ?? null;
    }

    /** Calls `task(view)` for the map with this id, now or when it appears. */
    when(id, task) {
      const view = this.of(id);
      if (view) return void task(view);
      const off = this.on("ready", (fresh) => {
        if (fresh.id !== id) return;
        off();
        task(fresh);
      });
    }

    /** Takes a fresh map, once the page has its configuration (it comes with the same layout). */
    async take(map) {
      for (let i = 0; i < CONFIG_TRIES && !gridhall.config; i += 1) await new Promise((done) => setTimeout(done, CONFIG_WAIT_MS));
      if (!map._container || this.views.some((view) => view.map === map)) return;
      const view = new gridhall.MapView(map);
      this.views.push(view);
      this.emit("ready", view);
    }

    drop(view) {
      this.views = this.views.filter((other) => other !== view);
      this.emit("gone", view);
    }
  }

  gridhall.map = new Maps();

  // react-leaflet gives the container its id and the map its view after the constructor: wait for both
  L.Map.addInitHook(function () {
    this.whenReady(() => setTimeout(() => gridhall.map.take(this)));
  });
});
