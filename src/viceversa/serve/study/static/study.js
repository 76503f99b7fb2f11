// A session: consent, preloading, practice, trials. Every image is decoded before the first trial; a pair appears and
// vanishes on animation frames, whose times are logged; an answer is sent again until the server has it on disk.
"use strict";

const KEPT = "viceversa-study";
const FIXATION_MS = 600;
const INPUT_MS = 1000; // the original is seen alone before its two translations
const FEEDBACK_MS = 1500;
const AT_ONCE = 6; // images fetched in parallel
const WAITS_MS = [500, 1000, 2000, 4000, 8000];
const LEFT_KEYS = ["ArrowLeft", "ArrowUp", "KeyF"];
const RIGHT_KEYS = ["ArrowRight", "ArrowDown", "KeyJ"];

const $ = (id) => document.getElementById(id);
const wait = (ms) => new Promise((done) => setTimeout(done, ms));
const frame = () => new Promise((done) => requestAnimationFrame(done));
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const rounded = (ms) => Math.round(ms * 1000) / 1000;

let study; // what is asked, from the server
let session; // id, trials, number of acknowledged answers
let pictures; // token -> decoded image
let frameMs = 1000 / 60;
let choose = () => {}; // what a key or a tap does now

function page(name) {
  for (const main of document.querySelectorAll("main[id]")) main.hidden = main.id !== name;
  scrollTo(0, 0);
  const start = $(name).querySelector("#start");
  if (start && !matchMedia("(pointer: coarse)").matches) start.focus({ preventScroll: true }); // Enter goes on
}

function trouble(text) {
  $("trouble").textContent = text;
  $("trouble").hidden = !text;
}

function closed(title, text) {
  trouble("");
  $("closed-title").textContent = title;
  $("closed-text").textContent = text;
  page("closed");
  return new Promise(() => {}); // nothing follows
}

// JSON from the server, asked again for as long as it takes; null where it knows no such thing (404) or refuses (409).
async function ask(path, body) {
  const options = { cache: "no-store" };
  if (body !== undefined) {
    Object.assign(options, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  }
  for (let turn = 0; ; turn++) {
    let seconds = 0;
    try {
      const answer = await fetch(path, { ...options, signal: AbortSignal.timeout(15000) });
      if (answer.ok) {
        const found = await answer.json();
        trouble("");
        return found;
      }
      if ([404, 409].includes(answer.status)) return null;
      if (answer.status < 500 && ![408, 429].includes(answer.status)) {
        return closed("This does not work here", "The server refused the request. Please tell the person who sent you the address.");
      }
      seconds = Number(answer.headers.get("Retry-After")) || 0;
    } catch (error) {
      // no connection, or none in time: ask again
    }
    trouble(body === undefined ? "No connection. Trying again …" : "No connection. Your answer is kept here and sent again …");
    await wait(Math.max(Math.min(seconds, 60) * 1000, WAITS_MS[Math.min(turn, WAITS_MS.length - 1)]));
  }
}

async function load(token) {
  for (let turn = 0; ; turn++) {
    const image = new Image();
    image.alt = "";
    image.decoding = "sync"; // both of a pair are painted in the frame that shows them
    image.draggable = false;
    image.src = `pictures/${token}`;
    try {
      await image.decode();
      trouble("");
      return image;
    } catch (error) {
      trouble("A picture did not arrive. Trying again …");
      await wait(WAITS_MS[Math.min(turn, WAITS_MS.length - 1)]);
    }
  }
}

async function preload(trials) {
  const tokens = trials.flatMap((trial) => [trial.left, trial.right, ...(trial.input ? [trial.input] : [])]);
  const found = new Map();
  const queue = [...tokens];
  $("fetched").max = tokens.length || 1;
  const work = async () => {
    while (queue.length) {
      const token = queue.shift();
      found.set(token, await load(token));
      $("fetched").value = found.size;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return found;
}

async function measureFrames(count = 30) {
  const gaps = [];
  for (let last = await frame(); gaps.length < count; ) {
    const now = await frame();
    gaps.push(now - last);
    last = now;
  }
  return median(gaps);
}

function place(id, token) {
  for (const old of $(id).querySelectorAll("img")) old.remove();
  if (token) $(id).append(pictures.get(token));
}

// Show what has been placed. Resolves to the time between the frame that showed it and the frame that took it away.
async function flash(milliseconds) {
  const gaps = [];
  const begin = await frame();
  $("stage").classList.add("on");
  for (let last = begin; ; ) {
    const now = await frame();
    gaps.push(now - last);
    last = now;
    if (now - begin >= milliseconds - frameMs / 2) {
      $("stage").classList.remove("on");
      if (gaps.length > 5) frameMs = median(gaps);
      return now - begin;
    }
  }
}

function choice() {
  const begin = performance.now();
  return new Promise((done) => {
    choose = (side) => {
      choose = () => {};
      done({ side, answer_ms: performance.now() - begin });
    };
  });
}

function tags(left, right) {
  $("left").querySelector(".tag").textContent = left;
  $("right").querySelector(".tag").textContent = right;
}

function clean() {
  for (const id of ["left", "right"]) {
    place(id, null);
    $(id).className = "frame";
  }
  tags("", "");
  $("prompt").textContent = study.question; // unseen, so that nothing moves when it is put
  $("prompt").className = "quiet";
}

function count(number) {
  const practice = session.trials.filter((trial) => trial.practice).length;
  const practising = session.trials[number].practice;
  const total = practising ? practice : session.trials.length - practice;
  $("done").max = total;
  $("done").value = practising ? number : number - practice;
  $("count").textContent = `${practising ? "Practice " : ""}${(practising ? number : number - practice) + 1} of ${total}`;
}

async function present(number) {
  const trial = session.trials[number];
  clean();
  count(number);
  if (trial.input) place("above", trial.input);
  $("stage").classList.toggle("first", Boolean(trial.input));
  $("stage").classList.add("fixing");
  place("left", trial.left);
  place("right", trial.right);
  const shown = [trial.left, trial.right].map((token) => pictures.get(token).decode());
  await Promise.all([...shown, wait(trial.input ? INPUT_MS : FIXATION_MS)]);
  $("stage").classList.remove("fixing");
  const shown_ms = await flash(study.shown_ms);
  $("stage").classList.remove("first");
  for (const id of ["left", "right", "above"]) place(id, null);
  $("prompt").className = "";
  $("stage").classList.add("asking");
  const { side, answer_ms } = await choice();
  $("stage").classList.remove("asking");
  $(side).classList.add("chosen");
  return {
    trial: number, side, shown_ms: rounded(shown_ms), frame_ms: rounded(frameMs), answer_ms: rounded(answer_ms),
    width: innerWidth, height: innerHeight,
  };
}

async function feedback(answer, right) {
  const real = right === (answer.side === "left") ? "left" : "right";
  $(answer.side).classList.add(right ? "good" : "bad");
  tags(real === "left" ? "real" : "made", real === "left" ? "made" : "real");
  $("prompt").textContent = right ? "✓ Right" : "✗ The other one was real";
  $("prompt").className = right ? "good" : "bad";
  await wait(FEEDBACK_MS);
}

function pressed(id) {
  return new Promise((done) => $(id).addEventListener("click", done, { once: true }));
}

async function ready(title, text) {
  $("ready-title").textContent = title;
  $("ready-text").textContent = text;
  page("ready");
  await pressed("start");
  page("trial");
}

function plural(number, word) {
  return `${number} ${word}${number === 1 ? "" : "s"}`;
}

function announce(practice) {
  const left = session.trials.length - session.answered;
  if (session.answered) return ready("Welcome back", `${plural(left, "pair")} to go.`);
  if (!practice) return ready("Ready?", `${plural(left, "pair")}, one second each. Take the time you need to answer.`);
  const told = study.kind === "real-or-fake" ? "with the answer after each" : "to get used to the pace";
  return ready("Practice first", `${plural(practice, "pair")} ${told}. They do not count.`);
}

async function run() {
  const practice = session.trials.filter((trial) => trial.practice).length;
  page("loading");
  pictures = await preload(session.trials.slice(session.answered));
  frameMs = await measureFrames();
  $("above").hidden = !study.input;
  $("stage").classList.toggle("three", study.input);
  await announce(practice);
  for (let number = session.answered; number < session.trials.length; ) {
    if (practice && number === practice && session.answered < practice) {
      await ready("Now it counts", `${plural(session.trials.length - practice, "pair")}, without the answer. Take the time you need.`);
    }
    const answer = await present(number);
    const told = await ask(`api/sessions/${session.session}/answers`, answer);
    if (told === null) { // answered already, from another window perhaps: the server knows where we are
      const now = await ask(`api/sessions/${session.session}`);
      if (now === null) return closed("This study has ended", "Thank you for coming. Your answers until here were kept.");
      number = now.answered;
      continue;
    }
    if (told.right !== null) await feedback(answer, told.right);
    number = told.answered;
  }
  page("end");
}

function welcome() {
  const minutes = Math.max(1, Math.round((study.length * 4) / 60));
  for (const place of document.querySelectorAll(".question")) place.textContent = study.question;
  $("lead").textContent = study.kind === "real-or-fake"
    ? "One of two pictures is real, the other was made by a program. Can you tell which?"
    : "Two programs changed the same picture. Which result is better, in your eyes?";
  $("choose").textContent = `${matchMedia("(pointer: coarse)").matches ? "Tap" : "Click or press a key"} where ${
    study.kind === "real-or-fake" ? "the real one" : "your favourite"} was.`;
  $("minutes").textContent = `${plural(study.length, "pair")}, about ${plural(minutes, "minute")}.`;
  page("welcome");
}

async function main() {
  study = await ask("api/study");
  document.documentElement.style.setProperty("--picture", `${Math.max(256, study.size)}px`);
  document.title = study.question;
  const kept = sessionStorage.getItem(KEPT);
  session = kept && (await ask(`api/sessions/${kept}`));
  if (!session) {
    welcome();
    await pressed("begin");
    page("loading");
    session = await ask("api/sessions", { consent: true });
    sessionStorage.setItem(KEPT, session.session);
  }
  if (session.answered >= session.trials.length) return page("end");
  await run();
}

for (const side of ["left", "right"]) $(side).addEventListener("click", () => choose(side));
addEventListener("keydown", (event) => {
  if (event.repeat || event.ctrlKey || event.metaKey || event.altKey || $("trial").hidden) return;
  const side = LEFT_KEYS.includes(event.code) ? "left" : RIGHT_KEYS.includes(event.code) ? "right" : null;
  if (side) {
    event.preventDefault();
    choose(side);
  }
});
main();
