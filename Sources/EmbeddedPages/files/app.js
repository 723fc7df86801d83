"use strict";
// The pages work without this. It keeps them current, makes sentences play, and lets commands be copied.

// ---- Keeping current: the same page is fetched again, and the parts that changed are put in.
// The server says when something happened; where its stream is not to be had, the page asks every few seconds.

const busyPause = 2000;
const idlePause = 15000;
// With the stream, only what time alone changes ("5 min ago", a node that fell silent) has to be asked for.
const steadyBusyPause = 10000;
const steadyIdlePause = 60000;
// However much happens, the page is fetched no more often than that.
const shortestPause = 1000;
const main = document.getElementById("main");
// What the server sent last for each part, since what stands in the page is changed below.
const sent = new Map();
for (const part of document.querySelectorAll("[data-live]")) sent.set(part.id, part.outerHTML);

function replace(part, fresh) {
  const focused = part.contains(document.activeElement) ? document.activeElement : null;
  if (focused && focused.matches("input, select, textarea")) return false;
  const chosen = document.getSelection();
  if (chosen && !chosen.isCollapsed && part.contains(chosen.anchorNode)) return false;
  for (const details of part.querySelectorAll("details[id]")) {
    const other = fresh.querySelector("#" + CSS.escape(details.id));
    if (other) other.open = details.open;
  }
  const name = focused && (focused.id ? "#" + CSS.escape(focused.id) : focused.hasAttribute("href")
    ? `a[href="${CSS.escape(focused.getAttribute("href"))}"]` : null);
  part.replaceWith(fresh);
  if (name) fresh.querySelector(name)?.focus({ preventScroll: true });
  enhance(fresh);
  return true;
}

async function refresh() {
  const answer = await fetch(location.href, { cache: "no-store", credentials: "same-origin" });
  if (!answer.ok) throw new Error(String(answer.status));
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const freshMain = page.getElementById("main");
  if (!freshMain) throw new Error("another page");
  const names = (where) => [...where.querySelectorAll("[data-live]")].map((part) => part.id).join();
  // A part that came or went (the first podcast was added elsewhere) makes another page.
  const isOther = names(page) !== names(document);
  for (const fresh of page.querySelectorAll("[data-live]")) {
    const part = document.getElementById(fresh.id);
    const text = fresh.outerHTML;
    if (part && sent.get(fresh.id) !== text && replace(part, fresh)) sent.set(fresh.id, text);
  }
  if (isOther && !main.contains(document.activeElement)) location.reload();
  main.dataset.active = freshMain.dataset.active;
  const said = document.getElementById("announce");
  if (said.textContent !== freshMain.dataset.announce) said.textContent = freshMain.dataset.announce;
}

// ---- The server's stream of what happens.

const happenings = [
  "job.queued", "job.running", "job.completed", "job.failed", "job.cancelled", "second_try.ended", "jobs.queued",
  "jobs.cancelled", "queue.paused", "queue.resumed", "feed.added", "feed.refreshed", "feed.failed", "feed.moved", "feed.removed",
  "node.registered", "node.removed", "setting.changed", "audio.removed", "fleet.changed",
];
const stream = { source: null, isOpen: false };
let hasNews = false;
let wake = () => {};

function nap(milliseconds) {
  return new Promise((go) => {
    const timer = setTimeout(go, milliseconds);
    wake = () => { clearTimeout(timer); go(); };
  });
}

function noteNews() {
  hasNews = true;
  wake();
}

// An episode's page may be long: what happens to others does not concern it.
function concernsPage(event) {
  const subject = document.querySelector("[data-subject]")?.dataset.subject;
  if (!subject) return true;
  try {
    const episode = JSON.parse(event.data).episode_id;
    return episode === null || episode === undefined || String(episode) === subject;
  } catch {
    return true;
  }
}

function showProgress(event) {
  let report;
  try { report = JSON.parse(event.data); } catch { return; }
  const percent = Math.max(0, Math.min(100, Number(report.progress_percent)));
  const episode = CSS.escape(String(report.episode_id));
  if (Number.isNaN(percent)) return;
  for (const bar of document.querySelectorAll(`progress[data-episode="${episode}"]`)) bar.value = percent;
  for (const text of document.querySelectorAll(`[data-percent-of="${episode}"]`)) text.textContent = `${percent} %`;
}

function openStream() {
  if (stream.source || !window.EventSource || document.visibilityState !== "visible") return;
  const source = new EventSource("/api/events");
  stream.source = source;
  source.addEventListener("open", () => {
    stream.isOpen = true;
    // Something may have happened between the page and the stream.
    noteNews();
  });
  source.addEventListener("error", () => {
    const was = stream.isOpen;
    stream.isOpen = false;
    if (was) noteNews();
  });
  for (const name of happenings) {
    source.addEventListener(name, (event) => { if (concernsPage(event)) noteNews(); });
  }
  source.addEventListener("job.progress", showProgress);
}

// A browser has few connections to one server, for all its tabs: one that nobody looks at takes none.
function closeStream() {
  stream.source?.close();
  stream.source = null;
  stream.isOpen = false;
}

async function keepCurrent() {
  let failures = 0;
  let begun = Date.now();
  openStream();
  for (;;) {
    const isBusy = main.dataset.active === "true";
    const steady = isBusy ? steadyBusyPause : steadyIdlePause;
    const pause = (stream.isOpen ? steady : isBusy ? busyPause : idlePause) * Math.min(8, 2 ** failures);
    if (!hasNews) await nap(pause);
    const early = begun + shortestPause - Date.now();
    if (early > 0) await new Promise((go) => setTimeout(go, early));
    if (document.visibilityState !== "visible") {
      await new Promise((go) => document.addEventListener("visibilitychange", go, { once: true }));
    }
    hasNews = false;
    begun = Date.now();
    try {
      await refresh();
      failures = 0;
    } catch {
      failures += 1;
    }
    document.getElementById("offline").hidden = failures < 2;
  }
}

document.addEventListener("visibilitychange", () => {
  if (sent.size === 0) return;
  if (document.visibilityState === "visible") openStream(); else closeStream();
});
window.addEventListener("pagehide", closeStream);
window.addEventListener("pageshow", (event) => { if (event.persisted && sent.size > 0) openStream(); });

// ---- Commands to copy.

function enhanceCommands(root) {
  if (!navigator.clipboard) return;
  for (const command of root.querySelectorAll(".command")) {
    const button = document.createElement("button");
    const text = command.textContent;
    button.type = "button";
    button.textContent = "Copy";
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    });
    command.classList.add("copyable");
    command.append(button);
  }
}

// ---- The transcript and its player.

const player = { audio: null, sentences: [], starts: [], current: null, follows: true, followButton: null };

function startOf(hash) {
  const match = /^#t=(\d+(?:\.\d+)?)/.exec(hash);
  return match ? Number(match[1]) : null;
}

function indexAt(time) {
  let low = 0, high = player.starts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    // Times are written with two decimals; the player is a hair before what it was set to.
    if (player.starts[middle] <= time + 0.02) low = middle + 1; else high = middle;
  }
  return low - 1;
}

function setFollows(follows) {
  player.follows = follows;
  if (player.followButton) player.followButton.hidden = follows || !player.current;
}

function show(sentence) {
  if (sentence === player.current) return;
  player.current?.classList.remove("now");
  player.current?.removeAttribute("aria-current");
  player.current = sentence;
  if (!sentence) return;
  sentence.classList.add("now");
  sentence.setAttribute("aria-current", "true");
  if (!player.follows) return;
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  sentence.scrollIntoView({ block: "center", behavior: calm ? "auto" : "smooth" });
}

function follow() {
  show(player.sentences[indexAt(player.audio.currentTime)] ?? null);
}

function jump(time, plays) {
  setFollows(true);
  player.audio.currentTime = time;
  follow();
  if (plays) player.audio.play().catch(() => {});
}

function step(by) {
  const index = Math.max(0, Math.min(player.starts.length - 1, indexAt(player.audio.currentTime) + by));
  if (player.starts.length) jump(player.starts[index], !player.audio.paused);
}

function enhancePlayer() {
  const audio = document.getElementById("audio");
  const sentences = [...document.querySelectorAll("#transcript .s")];
  player.sentences = sentences;
  player.starts = sentences.map((sentence) => Number(sentence.dataset.t));
  player.current = null;
  if (!audio || audio === player.audio) return;
  player.audio = audio;
  const speed = document.createElement("select");
  speed.setAttribute("aria-label", "Speed");
  for (const rate of [0.75, 1, 1.25, 1.5, 1.75, 2]) speed.add(new Option(`${rate}×`, rate, rate === 1, rate === 1));
  speed.addEventListener("change", () => { audio.playbackRate = Number(speed.value); });
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Follow";
  button.hidden = true;
  button.addEventListener("click", () => { setFollows(true); player.current = null; follow(); });
  player.followButton = button;
  document.getElementById("player").append(speed, button);
  audio.addEventListener("timeupdate", follow);
  audio.addEventListener("seeked", follow);
  const start = startOf(decodeURIComponent(location.hash));
  if (start !== null) audio.addEventListener("loadedmetadata", () => { audio.currentTime = start; }, { once: true });
}

window.addEventListener("hashchange", () => {
  const start = startOf(decodeURIComponent(location.hash));
  if (player.audio && start !== null) jump(start, false);
});
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("#transcript a[data-t]");
  if (!link || !player.audio || event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
  event.preventDefault();
  if (!document.getSelection().isCollapsed) return;
  history.replaceState(null, "", link.getAttribute("href"));
  jump(Number(link.dataset.t), true);
});
for (const kind of ["wheel", "touchmove"]) {
  document.addEventListener(kind, () => { if (player.audio && player.current) setFollows(false); }, { passive: true });
}
document.addEventListener("keydown", (event) => {
  if (!player.audio || event.metaKey || event.ctrlKey || event.altKey) return;
  if (!(event.target instanceof Element) || event.target.closest("input, select, textarea, button, audio, summary")) return;
  if (event.key === "j" || event.key === "k") step(event.key === "j" ? 1 : -1);
  else if (event.key === " " && !event.target.closest("a")) {
    event.preventDefault();
    if (player.audio.paused) player.audio.play().catch(() => {}); else player.audio.pause();
  }
});

function enhance(root) {
  enhanceCommands(root);
  if (root === document || root.id === "text") enhancePlayer();
}
enhance(document);
if (sent.size > 0) keepCurrent();
