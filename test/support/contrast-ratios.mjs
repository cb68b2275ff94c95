// Runs in a page, as one expression: the contrast of each piece of text with its background, as WCAG defines it.
// oxlint-disable unicorn/consistent-function-scoping -- an expression has no outer scope
(() => {
  const channels = (color) => (color.match(/[\d.]+/g) ?? []).map(Number);
  const luminance = (color) => {
    const [red, green, blue] = channels(color).map((value) =>
      value <= 10 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4,
    );
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const background = (element) => {
    if (element === null) return 'rgb(255, 255, 255)';
    const { backgroundColor } = getComputedStyle(element);
    return channels(backgroundColor)[3] === 0 ? background(element.parentElement) : backgroundColor;
  };
  const hasText = (element) =>
    [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.nodeValue.trim() !== '');
  return [...document.querySelectorAll('body *')].filter(hasText).map((element) => {
    const [dark, light] = [getComputedStyle(element).color, background(element)]
      .map(luminance)
      .toSorted((a, b) => a - b);
    return { text: element.textContent, ratio: (light + 0.05) / (dark + 0.05) };
  });
})();
