/** A plugin that cannot be loaded: the program does not start without it or with half of it. One sentence, with the remedy. */
export class PluginError extends Error {
  constructor(plugin: string, sentence: string, options?: ErrorOptions) {
    super(`Plugin ${plugin}: ${sentence}`, options);
    this.name = 'PluginError';
  }
}
