/** What is mine: my grid, my orders, the lists that forms choose from; as the server says, or said last. */
import { keepsAnswers } from "./updates.mjs";

const PREFETCHED = 30; // orders whose pages are fetched ahead, to be read without a link

export class Mine {
  #api;
  #map = null; // my grid with the base map around it
  #fetched = new Map(); // order -> its number of steps when its page was fetched

  constructor(api) {
    this.#api = api;
    this.data = null; // GET mine
  }

  forget() {
    this.data = this.#map = null;
    this.#fetched.clear();
  }

  get grid() {
    const grid = this.data?.grid ?? null;
    return grid && this.#map?.code === grid.code ? this.#map : grid;
  }

  /** Asks for it; the answer of the API. */
  async ask() {
    const answer = await this.#api.mine();
    if (answer.status === 200 && answer.body) this.data = answer.body;
    return answer;
  }

  /** The base map, once; true if it has come. */
  async fetchMap() {
    const code = this.data?.grid?.code;
    if (!code || this.#map?.code === code) return false;
    const answer = await this.#api.mine({ map: true });
    if (answer.status !== 200 || !answer.body?.grid) return false;
    this.#map = answer.body.grid;
    return true;
  }

  /** Fetches the pages of my orders that have changed, so that they can be read where there is no link. */
  async fetchOrders() {
    if (!keepsAnswers() || !this.data) return;
    const changed = this.data.orders.filter((order) => order.open && this.#fetched.get(order.order) !== order.steps);
    for (const { order, steps } of changed.slice(0, PREFETCHED)) {
      if ((await this.#api.order(order)).status !== 200) return;
      this.#fetched.set(order, steps);
    }
  }
}
