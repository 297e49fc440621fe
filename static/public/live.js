/* Renews a page that shows figures while it is open. It asks whether the page changed (the browser sends the ETag it has,
   the server answers 304) and then changes only the nodes that differ, so that scroll, focus, selected text, what is typed
   and what is opened stay as they are. Without it the page works and is as of when it was loaded. */
"use strict";
(function () {
  var live = document.getElementById("live"), note = document.getElementById("live-note");
  if (!live || !note || !window.fetch) { return; }
  var SLOWEST = 120, SPEAK_AGAIN = 60;  // seconds
  var etag = null, failures = 0, timer = 0, asking = false, spoken = -Infinity;

  function seconds() { return Number(live.dataset.refresh) || 15; }

  function later() {
    clearTimeout(timer);
    if (document.hidden) { return; }
    // A tenth sooner or later, so that after an outage not all readers come back in the same second.
    var pause = Math.min(seconds() * Math.pow(2, failures), SLOWEST) * (0.9 + 0.2 * Math.random());
    timer = setTimeout(ask, 1000 * pause);
  }

  function ask() {
    if (asking) { return; }
    asking = true;
    var timeout = new AbortController(), alarm = setTimeout(function () { timeout.abort(); }, 20000);
    fetch(location.href, { cache: "no-cache", headers: { Accept: "text/html", "X-Background": "1" }, signal: timeout.signal }).then(function (answer) {
      if (!answer.ok) { throw new Error(String(answer.status)); }
      var tag = answer.headers.get("ETag");
      if (tag && tag === etag) { return null; }
      return answer.text().then(function (text) { etag = tag; return text; });
    }).then(function (text) {
      // Another page has come in its place: signed out, or no longer published.
      if (text !== null && text.indexOf('id="live"') < 0) { etag = null; throw new Error("another page"); }
      if (failures) { failures = 0; say("", false); }
      if (text !== null) { renew(new DOMParser().parseFromString(text, "text/html")); }
    }).catch(function () {
      failures += 1;
      if (failures > 1) { say(live.dataset.lost, true); }  // one lost answer is nothing to tell
    }).then(function () { clearTimeout(alarm); asking = false; later(); });
  }

  function renew(fresh) {
    var now = fresh.getElementById("live"), foot = fresh.getElementById("footer-as-of");
    if (!now) { return; }
    var moved = live.dataset.moved !== now.dataset.moved, active = document.activeElement, chosen = selected();
    morph(live, now);
    if (foot) { morph(document.getElementById("footer-as-of"), foot); }
    /* The clock of a demonstration stands in its banner, outside the figures. */
    var clock = document.getElementById("simulated-time"), moment = fresh.getElementById("simulated-time");
    if (clock && moment) { morph(clock, moment); }
    // A row that changed its place has lost both.
    if (active !== document.activeElement && document.contains(active)) { active.focus({ preventScroll: true }); }
    if (chosen && document.contains(chosen[0]) && document.contains(chosen[2]) && getSelection().isCollapsed) {
      getSelection().setBaseAndExtent.apply(getSelection(), chosen);
    }
    // To the ear rarely: who listens would hear of every visit otherwise.
    if (moved && performance.now() / 1000 - spoken > SPEAK_AGAIN) {
      spoken = performance.now() / 1000;
      say(live.dataset.moved, false);
    }
  }

  function selected() {
    var now = getSelection();
    return now.isCollapsed ? null : [now.anchorNode, now.anchorOffset, now.focusNode, now.focusOffset];
  }

  function say(text, lost) {
    note.classList.toggle("lost", lost);
    if (note.textContent !== text) { note.textContent = text; }
  }

  /* Makes `old` like `now`. Nodes are paired by id, data-key or the id of their title, others by their place among those of their kind. */
  function morph(old, now) {
    if (old.isEqualNode(now)) { return; }
    attributes(old, now);
    var keyed = new Map();
    Array.from(old.children).forEach(function (child) { if (key(child)) { keyed.set(key(child), child); } });
    var here = old.firstChild;
    Array.from(now.childNodes).forEach(function (wanted) {
      var match = key(wanted) ? keyed.get(key(wanted)) : null;
      if (!match && !key(wanted)) { match = next(here, wanted.nodeName); }
      if (!match || match.nodeName !== wanted.nodeName) {
        old.insertBefore(document.importNode(wanted, true), here);
        return;
      }
      if (match === here) { here = here.nextSibling; } else { old.insertBefore(match, here); }
      if (match.nodeType === Node.ELEMENT_NODE) { morph(match, wanted); }
      else if (match.nodeValue !== wanted.nodeValue) { match.nodeValue = wanted.nodeValue; }
    });
    while (here) { var gone = here; here = here.nextSibling; gone.remove(); }
  }

  /* The first of `node` and those after it that has no key and is of this kind; a text only if it is the very next. */
  function next(node, kind) {
    for (; node; node = node.nextSibling) {
      if (node.nodeName === kind && !key(node)) { return node; }
      if (kind === "#text") { return null; }
    }
    return null;
  }

  /* What the reader did is theirs: an opened part stays open, and a field keeps what is typed (its value is no attribute). */
  function attributes(old, now) {
    Array.from(now.attributes).forEach(function (each) {
      if (old.getAttribute(each.name) !== each.value) { old.setAttribute(each.name, each.value); }
    });
    Array.from(old.attributes).forEach(function (each) {
      if (!now.hasAttribute(each.name) && each.name !== "open") { old.removeAttribute(each.name); }
    });
  }

  function key(node) {
    if (node.nodeType !== Node.ELEMENT_NODE) { return ""; }
    if (node.id) { return "#" + node.id; }
    return node.dataset.key || (node.hasAttribute("aria-labelledby") ? node.nodeName + node.getAttribute("aria-labelledby") : "");
  }

  document.addEventListener("visibilitychange", function () {
    if (document.hidden) { clearTimeout(timer); } else { ask(); }
  });
  window.addEventListener("online", ask);
  later();
})();
