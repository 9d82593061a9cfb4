"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const PARTS = 10000; // metric and agreement are kept in ten thousandths
const TEXT = {
  en: {
    title: "Models", other: "中文", search: "Search models, variants, licences",
    intro: "Every figure was measured, with the weights that stand beside it; random weights have no metric, only " +
           "agreement and times. A cell: samples a second and verdict of the acceptance standard; half of the calls took no " +
           "longer than p50; metric; samples whose prediction is that of the baseline.",
    domain: "every domain", target: "every target", dtype: "every dtype", verdict: "every verdict",
    byName: "by name", byRate: "fastest first", byDate: "newest first", notRun: "not run",
    shown: (some, all) => `${some} of ${all} models`, folder: "folder", source: "source", variant: "variant",
    published: "published", here: "measured here", back: "here, the same data", random: "none (random weights)", none: "none",
    reference: "reference", pass: "pass", FAIL: "FAIL", weights: (name) => `${name} weights`, perSecond: "/s", ms: "ms",
    of: (share, samples) => `${share} of ${samples}`, own: "own sample data", batch: "batch",
    missing: (names) => `Not run: ${names}.`, nothing: "Not run. Command:", fault: "This model cannot be described:",
    unmeasured: (count) => `${count} variants were not run`, measured: (count) => `All ${count} measured variants`,
    fastest: "fastest",
  },
  zh: {
    title: "模型", other: "English", search: "搜索模型、变体、许可证",
    intro: "所有数字均为实测，权重种类写在旁边；随机权重没有指标，只看一致率与时间。" +
           "单元格依次为：每秒样本数与验收结论；一半的调用不超过的时间（p50）；指标；预测与基线一致的样本比例。",
    domain: "全部领域", target: "全部目标", dtype: "全部精度类型", verdict: "全部结论",
    byName: "按名称", byRate: "最快优先", byDate: "最新优先", notRun: "未运行",
    shown: (some, all) => `${all} 个模型中的 ${some} 个`, folder: "文件夹", source: "来源", variant: "变体",
    published: "公布值", here: "本处实测", back: "本处，同一数据", random: "无（随机权重）", none: "无",
    reference: "基准", pass: "通过", FAIL: "未通过", weights: (name) => `${name} 权重`, perSecond: "/秒", ms: "毫秒",
    of: (share, samples) => `${share}（共 ${samples}）`, own: "自带样例数据", batch: "batch",
    missing: (names) => `未运行：${names}。`, nothing: "尚未运行。命令：", fault: "无法描述此模型：",
    unmeasured: (count) => `${count} 个变体未运行`, measured: (count) => `全部 ${count} 个已测量的变体`,
    fastest: "最快",
  },
};
const main = document.querySelector("main");
const control = (name) => document.getElementById(name);
let language = "en", text = TEXT.en;

// Texts enter the page as text nodes only, so that none of them is ever read as HTML.
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) if (value) element.setAttribute(name, value);
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}
const path = (name) => name.split("/").map(encodeURIComponent).join("/");
const link = (name, target) => make("a", { href: target }, name);
const figure = (value) => value.toLocaleString("en", { maximumFractionDigits: value >= 100 ? 0 : 2 });
const percent = (share) => `${(share * 100).toFixed(2)}%`;
const nameOf = (cell) => `${cell.target} ${cell.dtype}`;
const metricOf = (cell) => `${cell.run.metric} ${cell.value}`;
const fastest = (cells) => cells.filter((cell) => cell.verdict !== "FAIL")
  .reduce((best, cell) => (!best || cell.rate > best.rate ? cell : best), null);

function place(number) {
  const [target, dtype] = data.cells[number];
  return { target: data.targets[target], dtype: data.dtypes[dtype] };
}

const runs = data.runs.map(([weights, set, batch, date, host, versions, metric, samples]) =>
  ({ weights, set, batch, date, host: data.hosts[host], versions: data.versions[versions], metric, samples }));

// The cells of one variant, out of its runs.
function cellsOf(own) {
  return own.flatMap(([run, ...cells]) => cells.map(([where, verdict, rate, p50, value, share, p99]) => ({
    ...place(where), run: runs[run], verdict: data.verdicts[verdict], rate, p50, p99,
    value: value == null ? null : value / PARTS, share: share == null ? null : share / PARTS })));
}

function head(model) {
  const links = [link(text.folder, path(model.link)), link("README", `${path(model.link)}/README.md`),
                 link("model.py", `${path(model.link)}/model.py`)];
  if (model.address) links.push(link(text.source, model.address));
  const picture = model.picture === undefined ? null : make("img", { src: data.pictures[model.picture], alt: " " });
  return make("div", { class: "top" }, picture, make("div", {},
    make("h2", {}, model.id),
    make("p", {}, [model.title, model.framework].filter(Boolean).join(" · ")),
    make("p", { class: "links" }, ...links),
    make("p", { class: "dim" }, [model.source, model.licence].filter(Boolean).join(" · "))));
}

function figures(model, variant) {
  const published = model.published?.[variant];
  if (!published) return null;
  const cells = model.measured[variant] ?? [], own = cells.find((one) => one.value !== null);
  const here = own ? metricOf(own) : cells[0]?.run.weights === "random" ? text.random : text.none;
  const where = own ? `${text.weights(own.run.weights)}, ${setOf(own.run)}` : "";
  const back = model.reproduced?.[variant];
  return make("div", { class: "figures" },
    make("div", {}, make("small", {}, text.published), make("b", {}, `${published[0]} ${published[1]}`),
      make("small", {}, data.places[published[2]])),
    back ? make("div", {}, make("small", {}, text.back), make("b", {}, `${back[0]} ${back[1]}`),
      make("small", {}, `${back[2]}, ${back[3]}`)) : null,
    make("div", {}, make("small", {}, text.here), make("b", {}, here), make("small", {}, where)));
}

const setOf = (run) => (run.set === "sample" ? text.own : run.set);

function cell(found) {
  if (!found) return make("td");
  return make("td", {}, make("b", {}, figure(found.rate) + text.perSecond), " ",
    make("span", { class: found.verdict }, text[found.verdict]), make("small", {}, `p50 ${figure(found.p50)} ${text.ms}`),
    found.p99 == null ? null : make("small", {}, `p99 ${figure(found.p99)} ${text.ms}`),
    found.value === null ? null : make("small", {}, metricOf(found)),
    found.share === null ? null : make("small", {}, text.of(percent(found.share), found.run.samples)));
}

function grid(cells) {
  const of = (name) => [...new Set(cells.map((one) => one[name]))];
  const dtypes = of("dtype");
  return make("div", { class: "wide" }, make("table", {},
    make("thead", {}, make("tr", {}, make("th"), ...dtypes.map((dtype) => make("th", {}, dtype)))),
    make("tbody", {}, ...of("target").map((target) => make("tr", {}, make("th", {}, target),
      ...dtypes.map((dtype) => cell(cells.find((one) => one.target === target && one.dtype === dtype))))))));
}

function circumstances(cells) {
  const all = [...new Set(cells.map((one) => one.run))];
  return all.map((run) => {
    const own = cells.filter((one) => one.run === run);
    const which = all.length === 1 ? "" : `${own.map(nameOf).join(", ")}: `;
    const said = [text.weights(run.weights), setOf(run), `${text.batch} ${run.batch}`, run.date].join(", ");
    return make("p", { class: "dim" }, `${which}${said}; ${run.host}; ${run.versions}`);
  });
}

function missing(model, cells) {
  const done = new Set(cells.map(nameOf)), partly = new Set(cells.map((one) => one.target));
  const rest = data.possible[model.possible].map(place).filter((one) => !done.has(nameOf(one)));
  const names = [...new Set(rest.filter((one) => !partly.has(one.target)).map((one) => one.target)),
                 ...rest.filter((one) => partly.has(one.target)).map(nameOf)];
  return names.length ? make("p", { class: "dim" }, text.missing(names.join(", "))) : null;
}

function details(title, fill) {
  const element = make("details", {}, make("summary", {}, title));
  element.addEventListener("toggle", () => { if (element.children.length === 1) element.append(fill()); });
  return element;
}

function variants(model) {
  const row = ([variant, cells]) => {
    const published = model.published?.[variant], own = cells.find((one) => one.value !== null), best = fastest(cells);
    return make("tr", {}, make("th", {}, model.variants[variant]),
      make("td", {}, published ? `${published[0]} ${published[1]}` : ""),
      make("td", {}, own ? metricOf(own) : ""),
      make("td", {}, best ? `${figure(best.rate)}${text.perSecond} ${nameOf(best)}` : text.FAIL));
  };
  const columns = [text.variant, text.published, text.here, text.fastest].map((name) => make("th", {}, name));
  return make("div", { class: "wide" }, make("table", {}, make("thead", {}, make("tr", {}, ...columns)),
    make("tbody", {}, ...Object.entries(model.measured).map(row))));
}

function body(model, variant) {
  const cells = model.measured[variant] ?? [];
  if (cells.length) return [figures(model, variant), grid(cells), ...circumstances(cells), missing(model, cells)];
  const name = variant === undefined || variant === "0" ? model.id : `${model.id}/${model.variants[variant]}`;
  return [figures(model, variant), make("p", {}, `${text.nothing} `, make("code", {}, `zoo run ${name}`))];
}

class Card {
  constructor(model) {
    this.model = model;
    this.measured = Object.keys(model.measured);
    this.cells = Object.values(model.measured).flat();
    this.rest = Object.keys(model.variants).filter((one) => !(one in model.measured));
    this.words = [model.id, model.title, model.framework, model.source, model.licence,
                  ...new Set(this.cells.map((one) => one.run.weights)), ...model.variants].join("\n").toLowerCase();
    this.rate = fastest(this.cells)?.rate ?? -1;
    this.date = this.cells.map((one) => one.run.date).sort().at(-1) ?? "";
    this.variant = [...this.measured, ...this.rest][0];
    this.element = make("article", { "data-model": model.id });
  }

  draw() {
    const { model } = this, shown = make("div", { class: "body" });
    const fill = () => shown.replaceChildren(...body(model, this.variant).filter(Boolean));
    const known = this.measured.length ? this.measured : this.rest;
    const parts = [head(model)];
    if (model.fault) parts.push(make("p", { class: "FAIL" }, `${text.fault} ${model.fault}`));
    if (known.length > 1) {
      const options = known.map((one) => new Option(model.variants[one], one, false, one === this.variant));
      const choice = make("select", {}, ...options);
      choice.addEventListener("input", () => { this.variant = choice.value; fill(); });
      parts.push(make("label", { class: "pick" }, make("span", { class: "dim" }, text.variant), choice));
    } else if (known.length) {
      parts.push(make("p", {}, make("span", { class: "dim" }, `${text.variant} `), model.variants[this.variant]));
    }
    parts.push(shown);
    if (this.measured.length > 1) parts.push(details(text.measured(this.measured.length), () => variants(model)));
    if (this.measured.length && this.rest.length) {
      const names = () => make("p", { class: "dim" }, this.rest.map((one) => model.variants[one]).join(", "));
      parts.push(details(text.unmeasured(this.rest.length), names));
    }
    this.element.replaceChildren(...parts);
    fill();
  }

  // Shows a variant that was searched for, where the search names one.
  seek(words) {
    const fits = (one) => words.every((word) => this.model.variants[one].toLowerCase().includes(word));
    const found = words.length && !fits(this.variant ?? 0) ? this.measured.find(fits) : undefined;
    if (found !== undefined) { this.variant = found; this.draw(); }
  }

  fits(words, { domain, target, dtype, verdict }) {
    const own = this.cells.filter((one) => (!target || one.target === target) && (!dtype || one.dtype === dtype));
    const wanted = { "": own.length > 0 || !(target || dtype), "not run": !own.length };
    return words.every((word) => this.words.includes(word)) && (!domain || this.model.id.split("/")[0] === domain) &&
      (wanted[verdict] ?? own.some((one) => one.verdict === verdict));
  }
}

const cards = data.models.map(({ variants = [], measured = {}, ...rest }) => new Card({ variants, ...rest,
  measured: Object.fromEntries(Object.entries(measured).map(([variant, own]) => [variant, cellsOf(own)])) }));

function apply() {
  const words = control("search").value.toLowerCase().split(/\s+/).filter(Boolean);
  const chosen = Object.fromEntries(["domain", "target", "dtype", "verdict"].map((name) => [name, control(name).value]));
  let count = 0;
  for (const card of cards) {
    card.element.hidden = !card.fits(words, chosen);
    count += !card.element.hidden;
    if (!card.element.hidden && card.model.variants.length) card.seek(words);
  }
  control("shown").textContent = text.shown(count, cards.length);
}

function arrange() {
  const order = { rate: (one, other) => other.rate - one.rate, date: (one, other) => other.date.localeCompare(one.date) }[control("order").value];
  main.replaceChildren(...(order ? [...cards].sort(order) : cards).map((card) => card.element));
}

function options(name, every, values) {
  const element = control(name), kept = element.value;
  element.replaceChildren(...[["", every], ...values].map(([value, shown]) => new Option(shown, value)));
  element.setAttribute("aria-label", every);
  element.value = kept;
  if (element.selectedIndex < 0) element.selectedIndex = 0;
}

function speak(name) {
  language = name; text = TEXT[name];
  document.documentElement.lang = name;
  document.title = text.title;
  for (const element of document.querySelectorAll("[data-text]")) element.textContent = text[element.dataset.text];
  control("language").textContent = text.other;
  control("language").lang = name === "en" ? "zh" : "en";
  control("search").placeholder = text.search;
  control("search").setAttribute("aria-label", text.search);
  const same = (values) => [...new Set(values)].sort().map((value) => [value, value]);
  options("domain", text.domain, same(data.models.map((model) => model.id.split("/")[0])));
  options("target", text.target, same(data.targets));
  options("dtype", text.dtype, same(data.dtypes));
  options("verdict", text.verdict, [...data.verdicts.map((one) => [one, text[one]]), ["not run", text.notRun]]);
  options("order", text.byName, [["rate", text.byRate], ["date", text.byDate]]);
  for (const card of cards) card.draw();
  apply();
}

control("language").addEventListener("click", () => { location.hash = language === "en" ? "zh" : "en"; });
addEventListener("hashchange", () => speak(location.hash === "#zh" ? "zh" : "en"));
document.querySelector("form").addEventListener("submit", (event) => event.preventDefault());
for (const name of ["search", "domain", "target", "dtype", "verdict"]) control(name).addEventListener("input", apply);
control("order").addEventListener("input", arrange);
speak(location.hash === "#zh" || (!location.hash && navigator.language.startsWith("zh")) ? "zh" : "en");
arrange();
