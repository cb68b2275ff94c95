/** An element with these properties; strings in it are text, never markup. */
export function create(name, properties, ...content) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...content);
  return element;
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

function updateElement(old, element) {
  const isSameKind = element.children.length > 0 && element.dataset.kind === old.dataset.kind;
  const isLeaf = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE);
  if (isSameKind && !isLeaf) update(old, [...element.children]);
  else old.replaceWith(element);
}
