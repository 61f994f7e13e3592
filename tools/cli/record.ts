// What is loaded when something is recorded or replayed: a bundle of its own. The debugger's bundle
// has recorded.ts itself, for its kernel must be the one that it drives.

export { Recorder, replayCommand } from './recorded.js';
