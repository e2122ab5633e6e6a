/** The mirror that backports are taken from is the machine's own, in whichever format it is written down. */
import { describe, expect, it } from 'vitest';
import { archiveIn } from './apt.mjs';

const STANZAS = `Types: deb
# URIs: http://old.example/debian
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/archive.gpg

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main
`;
const LINES = `# deb http://old.example/debian bookworm main
deb http://mirror.example/debian bookworm main contrib
deb [arch=amd64 signed-by=/usr/share/keyrings/archive.gpg] http://mirror.example/debian bookworm-updates main
`;

describe('archiveIn', () => {
  it.each([
    [
      'stanzas',
      STANZAS,
      'bookworm',
      { uri: 'http://mirror.example/debian', signedBy: '/usr/share/keyrings/archive.gpg' },
    ],
    ['stanzas', STANZAS, 'bookworm-security', { uri: 'http://mirror.example/debian-security', signedBy: undefined }],
    ['stanzas', STANZAS, 'bookworm-backports', undefined],
    ['lines', LINES, 'bookworm', { uri: 'http://mirror.example/debian', signedBy: undefined }],
    [
      'lines',
      LINES,
      'bookworm-updates',
      { uri: 'http://mirror.example/debian', signedBy: '/usr/share/keyrings/archive.gpg' },
    ],
    ['lines', LINES, 'trixie', undefined],
  ] as const)('%s: %#', (format, text, suite, expected) => {
    expect(archiveIn(text, format, suite)).toEqual(expected);
  });
});
