/** The city's vectors, fetched once per page and shared by all its maps. */
(function (gridhall) {
  "use strict";

  const BASEMAP_URL = "/city/basemap.geojson";
  const REGIONS_URL = "/city/regions.geojson";

  /** What the server put into the page; an empty object where there is nothing. */
  const config = () => gridhall.config ?? {};

  class City extends gridhall.Emitter {
    constructor() {
      super();
      this.asked = new Map(); // url -> promise
      this.held = null;
    }

    /** CityShapes, empty at first; "shapes" is emitted whenever more has come. */
    get shapes() {
      if (!this.held) {
        const [[south, west], [north, east]] = config().bounds ?? [[0, 0], [0, 0]];
        const middle = [gridhall.geo.mercatorX((west + east) / 2), gridhall.geo.mercatorY((south + north) / 2)];
        this.held = new gridhall.shapes.CityShapes(middle);
      }
      return this.held;
    }

    #ask(url, take) {
      if (!this.asked.has(url)) {
        const task = fetch(url)
          .then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error(`${url}: ${answer.status}`))))
          .then((collection) => {
            take(collection);
            this.emit("shapes", url);
          })
          .catch((error) => {
            this.asked.delete(url); // the next time that it is needed it is asked for again
            console.warn(`gridhall: no map data (${error.message})`);
          });
        this.asked.set(url, task);
      }
      return this.asked.get(url);
    }

    loadBase() {
      return this.#ask(config().basemap_url ?? BASEMAP_URL, (collection) => this.shapes.addBase(collection));
    }

    loadLevel(level) {
      const url = `${config().regions_url ?? REGIONS_URL}?level=${encodeURIComponent(level)}`;
      return this.#ask(url, (collection) => this.shapes.addLevel(level, collection));
    }

    hasLevel(level) {
      return this.shapes.levels.has(level);
    }
  }

  gridhall.city = new City();
  gridhall.readConfig = config;
})((globalThis.gridhall ??= {}));
