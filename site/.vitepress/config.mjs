import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'vitepress';
import { entryPoints, root } from '../entry-points.mjs';

const { name, description, homepage } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

const guides = readdirSync(join(root, 'docs')).filter((file) => file.endsWith('.md'));

export default defineConfig({
  title: name,
  description,
  base: process.env.SITE_BASE || '/',
  srcDir: 'built/pages',
  outDir: 'built/site',
  // Headings are checked by test/docs/docs.spec.ts.
  ignoreDeadLinks: false,
  themeConfig: {
    search: { provider: 'local' },
    outline: { level: [2, 3] },
    socialLinks: [{ icon: 'github', link: homepage.replace(/#.*/, '') }],
    sidebar: [
      {
        text: 'Guide',
        items: [
          { text: 'Overview', link: '/' },
          ...guides.map((file) => ({ text: titleOf(file), link: `/docs/${file.replace('.md', '')}` })),
          { text: 'Changelog', link: '/CHANGELOG' },
        ],
      },
      {
        text: 'Reference',
        items: entryPoints.map((entry) => ({
          text: entry.name === 'index' ? name : `${name}/${entry.name}`,
          link: `/reference/${entry.name === 'index' ? '' : entry.name}`,
        })),
      },
    ],
  },
});

/** @param {string} file */
function titleOf(file) {
  const [, title = file] = /^# (.+)$/m.exec(readFileSync(join(root, 'docs', file), 'utf8')) ?? [];
  return title;
}
