// When to make the next picture, and for how long to say that one could not be made.

import { words } from "./dom.js";

/** Calls `work` one at a time, and of the requests that come in the meantime with the newest alone. */
export function newest(work) {
  let busy = false,
    next = null;
  return async (...given) => {
    next = given;
    if (busy) return;
    busy = true;
    try {
      while (next) {
        const now = next;
        next = null;
        await work(...now);
      }
    } finally {
      busy = false;
    }
  };
}

/** `work`, which tells `say` why it failed, and takes that back as soon as it has succeeded. */
export function saying(work, say) {
  let failed = false;
  return async () => {
    try {
      await work();
      if (failed) say("");
      failed = false;
    } catch (error) {
      failed = true;
      say(words(error));
    }
  };
}
