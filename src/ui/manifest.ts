/** What the installed page is called, looks like and opens: the web app manifest, in terms of the page's own folder. */
import type { ManifestOptions } from 'vite-plugin-pwa';

export const MANIFEST: Partial<ManifestOptions> = {
  name: 'Linnet',
  short_name: 'Linnet',
  description: 'Chat with a language model that runs in this page, on your own graphics card.',
  id: './',
  start_url: './',
  scope: './',
  display: 'standalone',
  background_color: '#faf8f5',
  theme_color: '#faf8f5',
  categories: ['productivity', 'utilities'],
  icons: [
    { src: 'icons/192.png', sizes: '192x192', type: 'image/png' },
    { src: 'icons/512.png', sizes: '512x512', type: 'image/png' },
    { src: 'icons/maskable-512.png', sizes: '512x512', type: 'image/png', purpose: 'maskable' },
    { src: 'favicon.svg', sizes: 'any', type: 'image/svg+xml' },
  ],
  file_handlers: [{ action: './', accept: { 'application/octet-stream': ['.gguf'] } }],
  launch_handler: { client_mode: 'navigate-existing' },
  share_target: {
    action: './',
    method: 'GET',
    enctype: 'application/x-www-form-urlencoded',
    params: { title: 'title', text: 'text', url: 'url' },
  },
};
