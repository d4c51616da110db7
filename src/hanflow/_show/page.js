"use strict";
(async () => {
const LEVELS = 101;      // of confidence: 0 to 100
const PER_PAGE = 30;     // passages
const WEIGHT = 900;      // repairs, about, that are drawn at once
const FILES = 25;        // rows of the table at once
const CLIP = 600;        // characters of one repair that are drawn
const KEPT = 128;        // portions that stay unpacked

const $ = id => document.getElementById(id);
const number = new Intl.NumberFormat("en");
const count = (n, one, many = one + "s") => `${number.format(n)} ${n === 1 ? one : many}`;

function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key.includes("-") || key === "role" || key === "lang" || key === "scope") made.setAttribute(key, value);
    else made[key] = value;
  }
  made.append(...children);  // strings become text nodes
  return made;
}

function drawn(name, properties) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(properties)) made.setAttribute(key, value);
  return made;
}

// ---------------------------------------------------------------- the data
async function unpacked(id) {
  const packed = atob($(id).textContent), bytes = new Uint8Array(packed.length);
  for (let i = 0; i < packed.length; i++) bytes[i] = packed.charCodeAt(i);
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"))).arrayBuffer();
}
const parsed = async id => JSON.parse(new TextDecoder().decode(await unpacked(id)));

let head, portions, sizes, cells, counts;
try {
  [head, portions, sizes, cells, counts] = await Promise.all([
    parsed("head"), unpacked("portions").then(data => new Uint32Array(data)),
    ...["sizes", "cells", "counts"].map(id => unpacked(id).then(data => new Uint16Array(data)))]);
} catch (error) {
  $("summary").textContent = `This page is incomplete, or the browser too old for it (${error}).`;
  return;
}
const {files, rules} = head;
const passages = sizes.length;
const fileOf = new Uint32Array(passages);
files.forEach((file, index) => {
  file.end = index + 1 < files.length ? files[index + 1].first : passages;
  fileOf.fill(index, file.first, file.end);
});

const kept = new Map();  // the last used portions
function portion(index) {
  let found = kept.get(index);
  if (found) kept.delete(index);
  else found = parsed(`portion-${index}`);
  kept.set(index, found);
  if (kept.size > KEPT) kept.delete(kept.keys().next().value);
  return found;
}

async function passage(index) {
  let low = 0, high = portions.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (portions[middle] <= index) low = middle; else high = middle;
  }
  const {kinds, passages} = await portion(low);
  return {kinds, data: passages[index - portions[low]]};
}

// ---------------------------------------------------------------- text as text
// What cannot be seen, or changes the order in which text is seen, is shown by its number: controls, joiners, lone surrogates.
const ODD = new RegExp(String.raw`[\0-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f` +
  String.raw`\ufe00-\ufe0f\ufeff\ufff9-\ufffb\u{e0000}-\u{e0fff}\p{Cs}]`, "gu");
const BLANK = /[\s\0-\x1f]/g;
const SIGNS = {" ": "·", "\u3000": "□", "\t": "⇥", "\n": "⏎", "\r": "␍", "\f": "␌"};

function codeOf(character) {
  const code = character.codePointAt(0);
  // Bytes that are not UTF-8 come as these.
  if (code >= 0xdc80 && code <= 0xdcff) return `byte ${(code - 0xdc00).toString(16).toUpperCase()}`;
  return `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
}

function put(place, text, pattern = ODD) {
  let at = 0;
  for (const match of text.matchAll(pattern)) {
    if (match.index > at) place.append(text.slice(at, match.index));
    const sign = pattern === BLANK && (SIGNS[match[0]] || (match[0] > "\x1f" && "·"));
    const mark = element("span", {className: sign ? "sign" : "sign odd"}, match[0] === "\n" ? "" : match[0]);
    mark.dataset.sign = sign || codeOf(match[0]);
    place.append(mark);
    if (match[0] === "\n") place.append("\n");
    at = match.index + match[0].length;
  }
  if (at < text.length) place.append(text.slice(at));
}

// Of a repair: gaps and line ends too.
function putRepair(place, text) {
  const shown = text.length > CLIP ? text.slice(0, CLIP) : text;
  for (const part of shown.split(/([\s\0-\x1f]+)/)) if (part) put(place, part, /[\s\0-\x1f]/.test(part) ? BLANK : ODD);
  if (shown !== text) place.append(element("span", {className: "odd"}, `… ${count(text.length - CLIP, "character")} more`));
}

const NAMES = {" ": "space", "\u3000": "ideographic space", "\t": "tab", "\n": "line end", "\r": "carriage return",
               "\f": "form feed", "\ufeff": "byte order mark", "\u200b": "zero-width space", "\xad": "soft hyphen"};

// In words, to be read and heard.
function inWords(text) {
  if (!text) return "nothing";
  if (text.length > 200) return `${count(text.length, "character")}`;
  const runs = text.match(/([\s\p{C}])\1*|[^\s\p{C}]+/gu);
  return runs.map(run => {
    if (!/^[\s\p{C}]/u.test(run)) return `“${run}”`;
    const length = [...run].length, name = NAMES[run[0]] || codeOf(run);
    return length === 1 ? name : `${length} ${name}${/^(U|byte)/.test(name) ? "" : "s"}`;
  }).join(", ");
}

// ---------------------------------------------------------------- the filter
const filter = {rules: new Set(rules.keys()), least: 0, most: LEVELS - 1, file: -1};
const cellOf = (rule, confidence) => rule * LEVELS + confidence;
const wants = (rule, confidence) => filter.rules.has(rule) && filter.least <= confidence && confidence <= filter.most;

// What the filter finds: the passages, where each page begins among them, repairs; and repairs by cell and by file and rule.
let found, pages, repairs, byCell;
const byFile = new Float64Array(files.length * rules.length);

function search() {
  const wanted = new Uint8Array(rules.length * LEVELS);
  for (let rule = 0; rule < rules.length; rule++)
    for (let level = 0; level < LEVELS; level++) wanted[cellOf(rule, level)] = wants(rule, level);
  byCell = new Float64Array(wanted.length);
  byFile.fill(0);
  const list = new Uint32Array(passages);
  let length = 0, weight = 0;
  pages = [0];
  repairs = 0;
  for (let index = 0, at = 0; index < passages; index++) {
    const file = fileOf[index], inFile = filter.file < 0 || filter.file === file;
    let hits = 0, all = 0;
    for (const end = at + sizes[index]; at < end; at++) {
      const cell = cells[at], n = counts[at];
      all += n;
      if (inFile) byCell[cell] += n;
      if (wanted[cell]) {
        hits += n;
        byFile[file * rules.length + (cell / LEVELS | 0)] += n;
      }
    }
    if (!hits || !inFile) continue;
    if (length > pages[pages.length - 1] && (weight + all > WEIGHT || length - pages[pages.length - 1] === PER_PAGE)) {
      pages.push(length);
      weight = 0;
    }
    weight += all;
    repairs += hits;
    list[length++] = index;
  }
  found = list.subarray(0, length);
}

search();
const total = repairs;
const used = [...rules.keys()].filter(rule => byCell.subarray(rule * LEVELS, (rule + 1) * LEVELS).some(n => n));
const totals = byFile.slice();

// ---------------------------------------------------------------- what stands above the passages
const failures = files.flatMap(file => file.failures.map(([where, reason]) => [file.name, where, reason]));
{
  const changed = files.filter(file => file.first < file.end).length;
  $("summary").textContent = `${count(files.length, "file")}, ${number.format(changed)} with changes; ` +
    `${count(total, "repair")} in ${count(passages, "passage")}` +
    `${failures.length ? `; ${count(failures.length, "failure")}` : ""}. ` +
    `hanflow ${head.version}, ${head.options || "default options"}.`;
  $("failed").hidden = !failures.length;
  $("failed").open = failures.length <= 20;
  $("failed").querySelector("summary").textContent = `${count(failures.length, "failure")}: what could not be repaired`;
  $("failed").querySelector("ul").append(...failures.slice(0, 1000).map(([name, where, reason]) => {
    const item = element("li", {}, element("b", {}));
    put(item.firstChild, name);
    put(item, `${where ? `, ${where}` : ""}: ${reason}`);
    return item;
  }));
  $("files").open = files.length > 1 && files.length <= FILES;
  $("files").querySelector("summary").textContent = `${count(files.length, "file")}`;
}

const toggles = new Map(used.map((rule, index) => {
  const bar = element("span", {className: `fill r-${rules[rule]}`}), figure = element("span", {className: "figure"});
  const button = element("button", {type: "button", className: "rule", "aria-pressed": "true", title: `Key ${index + 1}`},
                         element("span", {className: "rule-name"}, rules[rule]),
                         element("span", {className: "track"}, bar), figure);
  button.addEventListener("click", () => toggle(rule));
  $("rules").append(button);
  return [rule, {button, bar, figure}];
}));

function toggle(rule) {
  if (!filter.rules.delete(rule)) filter.rules.add(rule);
  return changed();
}

function charts() {
  const sum = (rule, least, most) => {
    let n = 0;
    for (let level = least; level <= most; level++) n += byCell[cellOf(rule, level)];
    return n;
  };
  const inRange = new Map(used.map(rule => [rule, sum(rule, filter.least, filter.most)]));
  const largest = Math.max(1, ...inRange.values());
  for (const [rule, {button, bar, figure}] of toggles) {
    const n = inRange.get(rule);
    button.setAttribute("aria-pressed", filter.rules.has(rule));
    button.setAttribute("aria-label", `${rules[rule]}, ${count(n, "repair")}`);
    bar.style.width = `${100 * n / largest}%`;
    figure.textContent = number.format(n);
  }
  // By confidence; the height is a logarithm: one doubtful repair among a million is to be seen.
  const levels = Array.from({length: LEVELS}, (_, level) => used.filter(rule => filter.rules.has(rule))
    .reduce((n, rule) => n + byCell[cellOf(rule, level)], 0));
  const top = Math.log2(2 + Math.max(...levels));
  $("histogram").replaceChildren(...levels.flatMap((n, level) => {
    if (!n) return [];
    const height = Math.max(4, 80 * Math.log2(1 + n) / top);
    const inside = filter.least <= level && level <= filter.most;
    const bar = drawn("rect", {x: level * 6, y: 84 - height, width: 5, height, class: inside ? "in" : "out"});
    const title = drawn("title", {});
    title.textContent = `${level} %: ${count(n, "repair")}`;
    bar.append(title);
    return [bar];
  }));
  $("histogram").setAttribute("aria-label", "Repairs by confidence, on a logarithmic scale: " +
    levels.flatMap((n, level) => n ? [`${level} %: ${number.format(n)}`] : []).join(", "));
  for (const end of ["least", "most"]) {
    $(end).value = filter[end];
    $(end).setAttribute("aria-valuetext", `${filter[end]} %`);
    $(end).nextElementSibling.textContent = `${filter[end]} %`;
  }
  const all = found.length === passages && repairs === total;
  $("shown").replaceChildren(`${all ? "All" : `${number.format(repairs)} of`} ${count(total, "repair")}` +
    ` in ${all ? "" : `${number.format(found.length)} of `}${count(passages, "passage")}`);
  if (filter.file >= 0) {
    const name = element("b");
    put(name, files[filter.file].name);
    $("shown").append(", file ", name);
  }
  $("reset").hidden = all && filter.file < 0;
}

for (const [end, other, reach] of [["least", "most", Math.max], ["most", "least", Math.min]]) {
  $(end).addEventListener("input", () => {
    filter[end] = Number($(end).value);
    filter[other] = reach(filter[other], filter[end]);
    changed();
  });
}

function reset() {
  filter.rules = new Set(rules.keys());
  Object.assign(filter, {least: 0, most: LEVELS - 1, file: -1});
  return changed();
}
$("reset").addEventListener("click", reset);

// ---------------------------------------------------------------- files
const table = {by: "", down: true, page: 0};
const fileSum = file => used.reduce((n, rule) => n + byFile[file * rules.length + rule], 0);

function fileTable() {
  if (!$("files").open) return;
  const part = $("name").value.toLowerCase();
  let rows = [...files.keys()];
  if (part) rows = rows.filter(file => files[file].name.toLowerCase().includes(part));
  const values = {
    "": null, File: null, Repairs: fileSum, Passages: file => files[file].end - files[file].first,
    ...Object.fromEntries(used.map(rule => [rules[rule], file => byFile[file * rules.length + rule]])),
  };
  if (table.by === "File") {
    const order = new Intl.Collator("en", {numeric: true}).compare;
    rows.sort((a, b) => order(files[a].name, files[b].name));
    if (table.down) rows.reverse();
  } else if (values[table.by]) {
    const keys = Float64Array.from(files.keys(), values[table.by]);
    rows.sort((a, b) => (table.down ? keys[b] - keys[a] : keys[a] - keys[b]) || a - b);
  }
  table.page = Math.max(0, Math.min(table.page, Math.ceil(rows.length / FILES) - 1));
  const shown = rows.slice(table.page * FILES, (table.page + 1) * FILES);

  const columns = ["File", "Repairs", "Passages", ...used.map(rule => rules[rule])];
  const focused = document.activeElement?.closest("#files thead button")?.textContent;
  const headings = columns.map(name => {
    const button = element("button", {type: "button"}, name);
    button.addEventListener("click", () => {
      table.down = table.by === name ? !table.down : name !== "File";
      table.by = name;
      fileTable();
    });
    const cell = element("th", {scope: "col"}, button);
    if (table.by === name) cell.setAttribute("aria-sort", table.down ? "descending" : "ascending");
    return cell;
  });
  headings.splice(2, 0, element("th", {scope: "col"}, "by rule"));
  $("files").querySelector("thead").replaceChildren(element("tr", {}, ...headings));
  if (focused) headings.find(cell => cell.textContent === focused)?.firstChild.focus();

  const largest = Math.max(1, ...shown.map(fileSum));
  $("files").querySelector("tbody").replaceChildren(...shown.map(file => {
    const button = element("button", {type: "button", className: "file", "aria-pressed": String(filter.file === file)});
    put(button, files[file].name);
    button.addEventListener("click", () => {
      filter.file = filter.file === file ? -1 : file;
      changed();
    });
    const sum = fileSum(file), chart = element("span", {className: "track", "aria-hidden": "true"});
    for (const rule of used) {
      const part = element("span", {className: `fill r-${rules[rule]}`});
      part.style.width = `${100 * byFile[file * rules.length + rule] / largest}%`;
      chart.append(part);
    }
    const name = element("th", {scope: "row"}, button);
    const failed = files[file].failures.length;
    if (failed) name.append(" ", element("span", {className: "bad"}, count(failed, "failure")));
    const figures = [sum, ...["Passages", ...used.map(rule => rules[rule])].map(key => values[key](file))]
      .map(n => element("td", {}, number.format(n)));
    figures.splice(1, 0, element("td", {}, chart));
    return element("tr", {}, name, ...figures);
  }));
  pager($("file-pages"), table.page, Math.ceil(rows.length / FILES), page => {
    table.page = page;
    fileTable();
  });
}
$("files").addEventListener("toggle", fileTable);
$("name").addEventListener("input", () => {
  table.page = 0;
  fileTable();
});

function pager(place, at, length, go) {
  const focused = place.contains(document.activeElement) && document.activeElement.getAttribute("aria-label");
  const ways = [["First page", "«", 0], ["Previous page", "‹", at - 1],
                ["Next page", "›", at + 1], ["Last page", "»", length - 1]];
  const made = ways.map(([label, sign, page]) => {
    const disabled = page < 0 || page >= length || page === at;
    const button = element("button", {type: "button", "aria-label": label, disabled}, sign);
    button.addEventListener("click", () => go(page));
    return button;
  });
  const input = element("input", {type: "number", min: 1, max: length, value: at + 1, "aria-label": "Page"});
  input.addEventListener("change", () => go(Math.max(0, Math.min(length, Number(input.value) || 1) - 1)));
  place.hidden = length < 2;
  place.replaceChildren(made[0], made[1], element("span", {}, "page ", input, ` of ${number.format(length)}`), made[2], made[3]);
  if (focused) [...place.querySelectorAll("[aria-label]")].find(one => one.getAttribute("aria-label") === focused)?.focus();
}

// ---------------------------------------------------------------- passages
let page = 0;      // of `pages`
let marks = [];    // the repairs of the page that the filter wants: {source, result, rule, before, after, confidence, evidence}
let current = -1;  // of `marks`
let drawing = 0;   // tells a drawing that a later one has begun

function side(label) {
  return element("div", {className: "side", role: "group", "aria-label": label, lang: "zh"});
}

function article(index, {kinds, data}) {
  const [where, line, leftOut, inside, before, text, after, placed] = data;
  const file = files[fileOf[index]];
  const last = line + (text.match(/\n(?!$)/g) || []).length;
  const heading = element("h3", {});
  const lines = last > line ? `lines ${number.format(line)}–${number.format(last)}` : `line ${number.format(line)}`;
  put(heading, `${file.name}${where ? `, ${where}` : ""}, ${lines}`);
  if (leftOut) heading.append(" ", element("small", {}, `${count(leftOut, "unchanged line")} before`));
  const body = element("div", {className: "rows"});
  let left, right, filled;

  const row = dim => {
    [left, right] = [side("Source"), side("Result")];
    body.append(element("div", {className: dim ? "sides dim" : "sides"}, left, right));
    filled = false;
  };
  const same = text => {
    // Both sides go on with a new line: a new row, so that paragraphs stay side by side.
    for (const part of text.split(/(?<=\n)/)) {
      if (!part) continue;
      const ends = part.endsWith("\n"), shown = ends ? part.slice(0, -1) : part;
      put(left, shown);
      put(right, shown);
      filled = filled || shown.length > 0;
      if (ends) row();
    }
  };

  if (before.trim()) {
    row(true);
    same(before.replace(/\n$/, ""));
  }
  row();
  if (inside & 1) for (const place of [left, right]) place.append(element("span", {className: "odd"}, "…"));
  let at = 0;
  for (let i = 0; i < placed.length; i += 2) {
    same(text.slice(at, at += placed[i]));
    const [rule, length, becomes, confidence, evidence] = kinds[placed[i + 1]];
    const was = text.slice(at, at += length), wanted = wants(rules.indexOf(rule), confidence);
    const closes = was.endsWith("\n") && becomes.endsWith("\n");
    const [source, result] = [was, becomes].map(text => {
      const mark = element("mark", {className: `${wanted ? `r-${rule}` : "other"}${text ? "" : " gone"}`});
      putRepair(mark, text);
      return mark;
    });
    left.append(source);
    right.append(result);
    filled = true;
    if (wanted) {
      source.number = result.number = marks.length;
      marks.push({source, result, rule, before: was, after: becomes, confidence, evidence});
    }
    if (closes) row();
  }
  same(text.slice(at));
  if (inside & 2) for (const place of [left, right]) place.append(element("span", {className: "odd"}, "…"));
  else if (!filled) body.lastChild.remove();
  if (after.trim()) {
    row(true);
    same(after.replace(/\n$/, ""));
  }
  return element("article", {}, heading, body);
}

async function draw(scroll) {
  const mine = ++drawing;
  page = Math.max(0, Math.min(page, pages.length - 1));
  const wanted = found.subarray(pages[page], pages[page + 1]);
  const shown = await Promise.all(Array.from(wanted, async index => [index, await passage(index)]));
  if (mine !== drawing) return false;
  marks = [];
  current = -1;
  const list = element("div", {id: "list"});
  list.append(...shown.map(([index, read]) => article(index, read)));
  if (!shown.length) list.append(element("p", {}, passages ? "No repair is like that." : "Nothing has changed."));
  $("list").replaceWith(list);
  $("current").replaceChildren();
  for (const bar of document.querySelectorAll("#passages nav"))
    pager(bar, page, pages.length, async to => {
      page = to;
      await draw(bar === document.querySelector("#passages nav:last-child"));
    });
  document.querySelector(".heads").hidden = !shown.length;
  if (scroll) $("passages").scrollIntoView();
  document.documentElement.dataset.drawn = mine;  // for who waits for it
  return true;
}

function describe({rule, before, after, confidence, evidence}, at) {
  const bits = [element("b", {className: `r-${rule}`}, rule), ` ${inWords(before)} → ${inWords(after)}, ${confidence} % sure`];
  if (evidence) bits.push(`: ${evidence}`);
  bits.push(element("small", {}, ` Repair ${at + 1} of ${marks.length} on page ${page + 1} of ${number.format(pages.length)}`));
  return bits;
}

function choose(at, focus = true) {
  for (const mark of document.querySelectorAll(".chosen")) {
    mark.classList.remove("chosen");
    mark.removeAttribute("aria-current");
  }
  current = at;
  const {source, result} = marks[at];
  source.classList.add("chosen");
  result.classList.add("chosen");
  source.setAttribute("aria-current", "true");
  $("current").replaceChildren(...describe(marks[at], at));
  if (focus) {
    source.tabIndex = -1;
    source.focus({preventScroll: true});
    source.scrollIntoView({block: "nearest"});
  }
}

// Goes on from the repair at hand, else from the first one that is to be seen.
async function step(by) {
  let at = current + by;
  if (current < 0) {
    const edge = document.querySelector(".heads").getBoundingClientRect().bottom;
    at = marks.findIndex(mark => mark.source.getBoundingClientRect().bottom > edge);
    if (at < 0 || by < 0) at = at < 0 ? marks.length : at - 1;
  }
  if (at < 0 || at >= marks.length) {
    if (page + by < 0 || page + by >= pages.length) {
      $("current").replaceChildren(by > 0 ? "No repair behind this one." : "No repair in front of this one.");
      return;
    }
    page += by;
    if (!await draw(true)) return;
    at = by > 0 ? 0 : marks.length - 1;
  }
  choose(at);
}

$("passages").addEventListener("click", event => {
  const mark = event.target.closest("mark");
  if (mark?.number !== undefined && !String(getSelection())) choose(mark.number);
});
$("passages").addEventListener("mouseover", event => {
  const mark = event.target.closest("mark");
  if (mark?.number === undefined || mark.title) return;
  mark.title = element("p", {}, ...describe(marks[mark.number], mark.number).slice(0, -1)).textContent;
});

function changed() {
  search();
  charts();
  fileTable();
  page = 0;
  return draw();
}

// ---------------------------------------------------------------- keys, theme
function theme() {
  const dark = getComputedStyle(document.documentElement).colorScheme === "dark" ||
    (document.documentElement.style.colorScheme !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.style.colorScheme = dark ? "light" : "dark";
}
$("theme").addEventListener("click", theme);
$("help").addEventListener("click", () => $("keys").showModal());

let busy = Promise.resolve();  // a key waits for the one before it
const KEYS = {
  n: () => step(1), j: () => step(1), p: () => step(-1), k: () => step(-1),
  "]": () => turn(1), "[": () => turn(-1), "0": reset, t: theme, "?": () => $("keys").showModal(),
  f: () => {
    $("files").open = true;
    $("name").focus();
    $("files").scrollIntoView();
  },
};
used.forEach((rule, index) => KEYS[index + 1] = () => toggle(rule));

function turn(by) {
  if (page + by < 0 || page + by >= pages.length) return undefined;
  page += by;
  return draw(true);
}

document.addEventListener("keydown", event => {
  if (event.ctrlKey || event.altKey || event.metaKey || $("keys").open) return;
  const writes = event.target.matches("input:not([type=range])");
  if (writes && event.key === "Escape") event.target.blur();
  if (writes || !Object.hasOwn(KEYS, event.key)) return;
  event.preventDefault();
  busy = busy.then(KEYS[event.key]).catch(console.error);
});

charts();
document.querySelector("main").hidden = false;
fileTable();
await draw();
})();
