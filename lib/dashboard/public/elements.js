/** An element with these properties; strings in it are text, never markup. */
export function create(name, properties, ...content) {
  const element = document.createElement(name);
  setProperties(element, properties);
  element.append(...content);
  return element;
}

/** An element of a drawing, with these attributes. */
export function draw(name, attributes, ...content) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', name);
  Object.entries(attributes).forEach(([key, value]) => element.setAttribute(key, value));
  element.append(...content);
  return element;
}

/** When something happened, with the zone, and how long ago; `tickTimes` keeps it up to date. */
export function timeElement(at) {
  const element = create('time', { dateTime: new Date(at).toISOString(), data: { at } });
  element.textContent = formatTime(at);
  return element;
}

let clockOffsetMs = 0;

/** The time as the app has it, since that is whose times are shown. */
export function setClock(at) {
  clockOffsetMs = at - Date.now();
}

export function tickTimes() {
  document
    .querySelectorAll('time[data-at]')
    .forEach((element) => setText(element, formatTime(Number(element.dataset.at))));
}

/** A live region is read out whenever its text is set, so the text is set only if it changes. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Changes only what differs, so that a selection and the position of a screen reader are kept. */
export function update(container, elements) {
  elements.forEach((element, index) => {
    const old = container.children[index];
    if (old === undefined) container.append(element);
    else if (!old.isEqualNode(element)) updateElement(old, element);
  });
  while (container.children.length > elements.length) container.lastElementChild.remove();
}

export function byId(id) {
  return document.getElementById(id);
}

function updateElement(old, element) {
  const isSameKind = element.children.length > 0 && element.dataset.kind === old.dataset.kind;
  const isLeaf = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE);
  if (isSameKind && !isLeaf && element.className === old.className) update(old, [...element.children]);
  else old.replaceWith(element);
}

function setProperties(element, { data = {}, ...properties }) {
  Object.assign(element, properties);
  Object.assign(element.dataset, data);
}

/** Such as `14:03:09 CET, 3 min ago`; with the date unless that is today. */
function formatTime(at) {
  const time = new Date(at);
  const zone = { timeZoneName: 'short' };
  const isToday = time.toDateString() === new Date().toDateString();
  const shown = isToday ? time.toLocaleTimeString(undefined, zone) : time.toLocaleString(undefined, zone);
  return `${shown}, ${formatAge(Date.now() + clockOffsetMs - at)}`;
}

function formatAge(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86_400)} d ago`;
}
