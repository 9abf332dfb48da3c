/** Events: `on` returns the function that takes the listener off again. A listener that throws does not stop the others. */
(function (gridhall) {
  "use strict";

  class Emitter {
    #listeners = new Map();

    on(event, listener) {
      const set = this.#listeners.get(event) ?? new Set();
      this.#listeners.set(event, set.add(listener));
      return () => set.delete(listener);
    }

    emit(event, ...values) {
      for (const listener of this.#listeners.get(event) ?? []) {
        try {
          listener(...values);
        } catch (error) {
          if (gridhall.faults) gridhall.faults.tell(`listener of "${event}"`, error);
          else console.error(`gridhall: a listener of "${event}" failed`, error);
        }
      }
    }
  }

  gridhall.Emitter = Emitter;
})((globalThis.gridhall ??= {}));
