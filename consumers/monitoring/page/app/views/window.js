/** What of a long list is in or near the window: pages far from it become empty space of the same height. */

import { redraw } from "../screen.js";

const AROUND = "1200px";
const FOLLOW_AFTER_MS = 300;

/** @param {import("./station_list.js").StationList} list */
export function windowOf(list) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let following;
  const pages = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting, boundingClientRect } of entries) {
        const page = list.pages[Number(/** @type {HTMLElement} */ (target).dataset.page)];
        if (page === undefined || !target.isConnected) continue;
        if (!isIntersecting && page.isNear) page.heightPx = boundingClientRect.height;
        page.isNear = isIntersecting;
      }
      clearTimeout(following);
      following = setTimeout(() => list.followNear(), FOLLOW_AFTER_MS);
      redraw();
    },
    { rootMargin: AROUND },
  );
  const end = new IntersectionObserver(
    async (entries) => {
      const { target, isIntersecting } = entries[entries.length - 1]; // it may have come and gone
      if (!isIntersecting) return;
      await list.more();
      // It may still be near, and only a change is told: look anew.
      end.unobserve(target);
      if (list.fault === null && target.isConnected) end.observe(target);
    },
    { rootMargin: AROUND },
  );
  /** @type {WeakSet<Element>} */
  const watched = new WeakSet();

  return {
    /** @param {Element | undefined} body of a page */
    watch(body) {
      if (body === undefined || watched.has(body)) return;
      watched.add(body);
      pages.observe(body);
    },
    /** The button behind the last page: when it comes near, the next page is asked for. @param {Element | undefined} button */
    watchEnd(button) {
      end.disconnect();
      if (button) end.observe(button);
    },
    toTop: () => scrollTo({ top: 0, behavior: "instant" }),
    stop() {
      clearTimeout(following);
      pages.disconnect();
      end.disconnect();
    },
  };
}
