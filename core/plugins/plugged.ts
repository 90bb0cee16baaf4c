import type { Plugged, Tx } from '../db/scope.ts';
import { fault } from '../errors.ts';
import { EVENTS, type Event, type Question } from '../hooks.ts';
import { enqueue } from '../jobs/enqueue.ts';
import type { WorkspaceJob } from '../jobs/job.ts';
import type { PluginInWorkspace } from '../plugin.ts';
import type { LoadedPlugin } from './loaded-plugin.ts';
import { statesOf } from './states.ts';

/** `plugin.appointment_booked` */
export function eventJobName(event: Event): string {
  return `plugin.${event.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`;
}

/** Questions and events find their plugins here. One that nobody was made to answer costs no query. */
export function plugInto(plugins: readonly LoadedPlugin[]): Plugged {
  const names = plugins.map(({ plugin }) => plugin.name);
  const running = async (tx: Tx, those: readonly LoadedPlugin[]) => {
    if (those.length === 0) return [];
    const states = await statesOf(tx, plugins);
    return those.flatMap(({ plugin }) => { const state = states.get(plugin.name); return state?.isOn ? [{ plugin, settings: state.settings }] : []; });
  };
  return {
    async ask(tx, question, input) {
      const answering = await running(tx, plugins.filter(({ plugin }) => plugin.answers?.[question as Question] !== undefined));
      const answers = await Promise.all(answering.map(async ({ plugin, settings }) => plugin.answers?.[question as Question]?.(tx, input as never, settings)));
      return answers.filter((answer) => answer !== null && answer !== undefined);
    },
    async tell(tx, event, payload) {
      const job = { name: eventJobName(event as Event), input: { ...EVENTS[event as Event], plugin: names } } as unknown as WorkspaceJob;
      for (const { plugin } of await running(tx, plugins.filter(({ plugin }) => plugin.listens?.[event as Event] !== undefined))) {
        await enqueue(tx, job, { ...payload, plugin: plugin.name } as never);
      }
    },
    async settings(tx, plugin) {
      const state = (await statesOf(tx, plugins)).get(plugin);
      if (state === undefined) throw new TypeError(`No plugin called ${plugin} is loaded.`);
      if (!state.isOn) throw fault('plugin.is_off');
      return state.settings;
    },
    async list(tx): Promise<PluginInWorkspace[]> {
      return [...(await statesOf(tx, plugins)).values()].map(({ loaded: { plugin: { name, title, phi, subprocessors } }, isOn }) => ({ name, title, phi, subprocessors, isOn }));
    },
  };
}
