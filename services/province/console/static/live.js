// Parts of a page that live: the server sends a part anew when it is another. Nothing else runs here.
for (const part of document.querySelectorAll("[data-live]")) {
  const open = () => {
    const events = new EventSource(part.dataset.live);
    events.onopen = () => part.classList.remove("stale");
    events.onmessage = (event) => {
      part.classList.remove("stale");
      // A form that somebody is in the middle of is left alone until they have done.
      const busy = part.contains(document.activeElement) && document.activeElement.matches("input, select, textarea");
      if (!busy) part.innerHTML = JSON.parse(event.data);
    };
    // What is shown may be old now: it is greyed, and the browser asks again by itself.
    events.onerror = () => {
      part.classList.add("stale");
      if (events.readyState === EventSource.CLOSED) setTimeout(open, 5000);
    };
  };
  open();
}
document.documentElement.dataset.ready = "";
