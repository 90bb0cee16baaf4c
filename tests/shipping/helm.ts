import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { parse, parseAllDocuments } from 'yaml';
import { asSuperuser, createDatabase, withDatabase } from '../../core/db/embedded.ts';
import { quoteName } from '../../core/db/quote-name.ts';
import { makeCertificate } from '../support/certificate.ts';
import { createTestDatabase } from '../support/database.ts';
import { freePort } from '../support/free-port.ts';
import { openKubernetesApi } from './kubernetes-api.ts';
import { makeClaim, runPod, whyNoPods, type PodSpec, type RunningPod } from './run-pod.ts';

/** The chart as an installer meets it: what it refuses, what it makes, and its pods really run. */
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const CHART = join(ROOT, 'helm/wardkeep');
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

const isThere = spawnSync('helm', ['version']).status === 0;
if (!isThere && process.env['CI'] === 'true') throw new Error('CI must have helm: go install helm.sh/helm/v3/cmd/helm@v3.22.0, and its folder in PATH.');
t.setTimeout(120_000);
if (!isThere) t.plan(0, 'helm is not in PATH (go install helm.sh/helm/v3/cmd/helm@v3.22.0)');

type Values = Record<string, unknown>;
type Meta = { readonly name: string; readonly labels: Readonly<Record<string, string>> };
type Manifest = {
  readonly kind: string;
  readonly metadata: Meta;
  readonly spec: { readonly template?: { readonly metadata: Meta; readonly spec: PodSpec }; readonly podSelector?: { readonly matchExpressions: readonly [{ readonly values: readonly string[] }] }; readonly ingress?: unknown; readonly egress?: unknown };
};
type Pod = { readonly kind: string; readonly labels: Meta['labels']; readonly spec: PodSpec };

const BUNDLED: Values = { url: 'https://records.example.org', image: { repository: 'registry.example.org/wardkeep' }, rootKeys: { existingSecret: 'root-keys' }, tls: { existingSecret: 'certificate' } };
const EXTERNAL: Values = { ...BUNDLED, database: { existingSecret: 'database' } };
const PUBLISHERS = { WARDKEEP_PLUGIN_PUBLISHERS: `acme:${Buffer.alloc(32, 1).toString('base64')}` };
const PROXY = { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'ingress-nginx' } } };
const EVERYTHING: Values = {
  ...EXTERNAL, replicas: 3, smtp: { existingSecret: 'mail' }, authorities: { existingConfigMap: 'hospital-ca' }, plugins: { existingClaim: 'plugins' },
  image: { repository: 'registry.example.org/wardkeep', digest: `sha256:${'0'.repeat(64)}`, pullSecrets: ['registry'] },
  settings: { ...PUBLISHERS, WARDKEEP_TRUST_PROXY: 'true', WARDKEEP_RATE_ANONYMOUS: '1000000' }, service: { type: 'LoadBalancer' },
  ingress: { enabled: true, className: 'nginx', tlsSecret: 'proxy', annotations: { 'nginx.ingress.kubernetes.io/backend-protocol': 'HTTPS' } },
  networkPolicy: { from: [PROXY], database: { to: [{ ipBlock: { cidr: '10.1.2.3/32' } }] }, egress: [{ ports: [{ port: 443 }], to: [{ ipBlock: { cidr: '10.9.0.0/16' } }] }] },
  nodeSelector: { disk: 'ssd' }, tolerations: [{ key: 'phi', operator: 'Exists' }],
};
const MATRIX: Readonly<Record<string, Values>> = {
  bundled: BUNDLED, external: EXTERNAL, everything: EVERYTHING,
  'bundled with all that goes with it': { ...EVERYTHING, database: {}, replicas: 1, backup: { existingClaim: 'backups', keep: 7 }, storage: { size: '1Ti', className: 'fast' } },
  'without network policy': { ...EXTERNAL, networkPolicy: { enabled: false } },
};

function helm(words: readonly string[], values: Values): { status: number | null; stdout: string; stderr: string } {
  return spawnSync('helm', [...words, '--values', '-'], { input: JSON.stringify(values), encoding: 'utf8' });
}

// Asked of a cluster it is the cluster's version; a helm without one assumes what it was built with.
const TEMPLATE = ['template', 'wardkeep', CHART, '--namespace', 'records', '--kube-version', '1.30'];

function render(values: Values): Manifest[] {
  const { status, stdout, stderr } = helm(TEMPLATE, values);
  if (status !== 0) throw new Error(stderr);
  return parseAllDocuments(stdout).map((document) => document.toJS() as Manifest | null).filter((manifest) => manifest !== null);
}

const podsOf = (manifests: readonly Manifest[]): Pod[] => manifests.flatMap(({ kind, metadata, spec }) => {
  const pod = kind === 'Pod' ? { metadata, spec: spec as unknown as PodSpec } : spec.template;
  return pod === undefined ? [] : [{ kind, labels: pod.metadata.labels, spec: pod.spec }];
});
const podOf = (manifests: readonly Manifest[], kind: string) => podsOf(manifests).find((pod) => pod.kind === kind)?.spec as PodSpec;
const secretKeys = (spec: PodSpec): string[] => spec.volumes.flatMap(({ projected }) => projected?.sources ?? []).flatMap(({ secret }) => secret.items.map(({ key }) => key));
const kindsOf = (manifests: readonly Manifest[]): string[] => manifests.map(({ kind }) => kind).sort();

if (isThere) {
  t.test('the chart is one of this program', async (t) => {
    const { version } = JSON.parse(read('package.json')) as { version: string };
    t.match(parse(read('helm/wardkeep/Chart.yaml')), { version, appVersion: version });
    for (const values of [{}, ...Object.values(MATRIX)]) {
      const { status, stdout } = helm(['lint', '--strict', CHART], values);
      t.equal(status, 0, stdout);
    }
  });

  t.test('what cannot run is refused, all at once, with what to do', async (t) => {
    const { status, stderr } = helm(TEMPLATE, { replicas: 2, plugins: { existingClaim: 'x' }, settings: { WARDKEEP_TRUST_PROXY: 'true' } });
    t.equal(status, 1);
    for (const sentence of [
      /url is missing/, /image\.repository is missing/, /tls\.existingSecret is missing.* create secret tls wardkeep-tls/, /rootKeys\.existingSecret is missing.*wardkeep keys init.*escrow.*--namespace records create secret generic wardkeep-root-keys --from-file=root\.key/,
      /replicas is 2, but the bundled PostgreSQL/, /plugins\.existingClaim needs settings\.WARDKEEP_PLUGIN_PUBLISHERS/, /WARDKEEP_TRUST_PROXY needs networkPolicy\.from/,
    ]) t.match(stderr, sentence);

    t.match(helm(TEMPLATE, { ...EXTERNAL, backup: { existingClaim: 'backups' } }).stderr, /backup\.existingClaim is for the bundled PostgreSQL/);

    const root = (key: string) => `root:${key}`;
    for (const [typo, values] of Object.entries<Values>({
      replica: { replica: 2 }, 'image.tags': { image: { tags: 'x' } }, 'rootKeys.value': { rootKeys: { value: root('x') } }, 'database.url': { database: { url: 'postgres://x' } },
      WARDKEEP_ROOT_KEYS: { settings: { WARDKEEP_ROOT_KEYS: root('x') } }, WARDKEEP_SMTP_URL: { settings: { WARDKEEP_SMTP_URL: 'smtps://x' } }, WARDKEEP_RATE_ANONYMOUS: { settings: { WARDKEEP_RATE_ANONYMOUS: 60 } },
      url: { url: 'http://records.example.org' }, 'storage.size': { storage: { size: 20 } }, 'service.type': { service: { type: 'ExternalName' } },
    })) {
      const refused = helm(TEMPLATE, { ...EXTERNAL, ...values });
      t.equal(refused.status, 1, typo);
      t.match(refused.stderr, typo.split('.').at(-1) as string, refused.stderr);
    }
  });

  t.test('every pod is one that a restricted namespace takes', async (t) => {
    for (const [name, values] of Object.entries(MATRIX)) {
      for (const { kind, spec } of podsOf(render(values))) {
        t.match(spec, {
          automountServiceAccountToken: false, enableServiceLinks: false,
          securityContext: { runAsNonRoot: true, runAsUser: 10001, runAsGroup: 10001, fsGroup: 10001, fsGroupChangePolicy: 'OnRootMismatch', seccompProfile: { type: 'RuntimeDefault' } },
        }, `${name}: ${kind}`);
        t.same(['hostNetwork', 'hostPID', 'hostIPC', 'initContainers', 'serviceAccountName'].filter((key) => key in spec), [], `${name}: ${kind}`);
        t.same(spec.volumes.filter((volume) => !['projected', 'emptyDir', 'configMap', 'persistentVolumeClaim'].some((type) => type in volume)), []);
        for (const container of spec.containers) {
          t.strictSame(container.securityContext, { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } });
          t.match(container, { image: /^registry\.example\.org\/wardkeep[:@]/, resources: { requests: { cpu: String, memory: String }, limits: { memory: String } } });
        }
      }
    }
  });

  t.test('secrets are files that the operator made, each where it is needed and nowhere else', async (t) => {
    const secrets = ['WARDKEEP_ROOT_KEYS', 'WARDKEEP_DATABASE_OWNER_URL', 'WARDKEEP_DATABASE_APP_URL', 'WARDKEEP_DATABASE_JOBS_URL', 'WARDKEEP_SMTP_URL'];
    t.match(read('core/config.ts'), `const SECRETS = [${secrets.map((name) => `'${name}'`).join(', ')}]`);
    for (const [name, values] of Object.entries(MATRIX)) {
      const manifests = render(values);
      t.same(kindsOf(manifests).filter((kind) => /Secret|ConfigMap|Role|ServiceAccount/.test(kind)), [], name);
      for (const { kind, spec } of podsOf(manifests)) {
        const env = spec.containers[0].env;
        t.ok(env.every((each) => typeof each.value === 'string' && Object.keys(each).length === 2 && !secrets.includes(each.name)), `${name}: ${kind}`);
        t.equal(new Set(env.map((each) => each.name)).size, env.length, 'no name twice');
        for (const { name: file, value } of env.filter((each) => each.name.endsWith('_FILE'))) t.ok(secretKeys(spec).some((key) => value === `/secrets/${key}`), `${name}: ${kind}: ${file}`);
        t.equal(secretKeys(spec).includes('owner-url'), kind === 'Job', `${name}: ${kind}`);
        t.same(spec.volumes.filter((volume) => 'secret' in volume), []);
        t.same(spec.volumes.map(({ projected }) => projected?.defaultMode).filter((mode) => mode !== undefined), [0o440]);
      }
    }
    t.same(secretKeys(podOf(render(EVERYTHING), 'Deployment')), ['root.key', 'tls.crt', 'tls.key', 'app-url', 'jobs-url', 'smtp-url']);
    t.same(secretKeys(podOf(render(EVERYTHING), 'Job')), ['root.key', 'owner-url', 'app-url', 'jobs-url']);
    t.same(secretKeys(podOf(render(BUNDLED), 'StatefulSet')), ['root.key', 'tls.crt', 'tls.key']);
  });

  t.test('one program on the bundled database, several on another, never two versions', async (t) => {
    const bundled = render(BUNDLED);
    t.same(kindsOf(bundled), ['NetworkPolicy', 'Service', 'StatefulSet']);
    t.match(bundled.find(({ kind }) => kind === 'StatefulSet')?.spec, { replicas: 1, podManagementPolicy: 'Parallel', volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '20Gi' } } } }] });
    const kept = podOf(render(MATRIX['bundled with all that goes with it'] as Values), 'StatefulSet');
    t.match(kept.containers[0].env.filter(({ name }) => name.startsWith('WARDKEEP_BACKUP')), [{ value: '/backup' }, { value: '7' }]);
    t.match(kept.volumes, [{ name: 'secrets' }, {}, {}, {}, {}, { name: 'backup', persistentVolumeClaim: { claimName: 'backups' } }]);
    const external = render(EVERYTHING);
    t.same(kindsOf(external), ['Deployment', 'Ingress', 'Job', 'NetworkPolicy', 'NetworkPolicy', 'Pod', 'PodDisruptionBudget', 'Service']);
    t.match(external.find(({ kind }) => kind === 'Deployment')?.spec, { replicas: 3, strategy: { type: 'Recreate' } });
    t.match(external.find(({ kind }) => kind === 'Job'), { metadata: { annotations: { 'helm.sh/hook': 'pre-install,pre-upgrade' } }, spec: { template: { spec: { restartPolicy: 'Never', containers: [{ args: ['migrate'] }] } } } });
    t.notOk(kindsOf(render(EXTERNAL)).includes('PodDisruptionBudget'), 'with one replica it would only keep nodes from being drained');
    for (const manifests of [bundled, external]) {
      const { containers: [container] } = podOf(manifests, manifests === bundled ? 'StatefulSet' : 'Deployment');
      for (const [probe, path] of [['startupProbe', '/health/live'], ['livenessProbe', '/health/live'], ['readinessProbe', '/health/ready']] as const) t.match(container, { [probe]: { httpGet: { path, port: 'https', scheme: 'HTTPS' } } });
      t.ok(read('core/http/health.ts').includes(`'/health/live'`) && read('core/http/health.ts').includes(`'/health/ready'`));
    }
  });

  t.test('who may come in and where the pods may go', async (t) => {
    const policies = (values: Values) => Object.fromEntries(render(values).filter(({ kind }) => kind === 'NetworkPolicy').map(({ metadata, spec }) => [metadata.name, spec]));
    const dns = { ports: [{ port: 53, protocol: 'UDP' }, { port: 53, protocol: 'TCP' }] };
    const database = { ports: [{ port: 5432, protocol: 'TCP' }], to: [{ ipBlock: { cidr: '10.1.2.3/32' } }] };
    t.match(policies(BUNDLED), { wardkeep: { policyTypes: ['Ingress', 'Egress'], ingress: [{ ports: [{ port: 8443, protocol: 'TCP' }] }], egress: [dns] } });
    t.same(policies(BUNDLED)['wardkeep']?.egress, [dns]);
    const all = policies(EVERYTHING);
    t.same(all['wardkeep']?.ingress, [{ ports: [{ port: 8443, protocol: 'TCP' }], from: [PROXY] }]);
    t.same(all['wardkeep']?.egress, [dns, database, { ports: [{ port: 465, protocol: 'TCP' }] }, { ports: [{ port: 443 }], to: [{ ipBlock: { cidr: '10.9.0.0/16' } }] }]);
    t.same(all['wardkeep-migrate']?.egress, [dns, database], 'the owner’s password goes to the database alone');
    t.same(all['wardkeep-migrate']?.ingress, undefined, 'and nobody comes to it');
    t.same(policies(MATRIX['without network policy'] as Values), {});
    const selected = all['wardkeep']?.podSelector?.matchExpressions[0].values ?? [];
    t.same(podsOf(render(EVERYTHING)).map(({ labels }) => labels['app.kubernetes.io/component']).filter((component) => !selected.includes(component ?? '')), ['migrate'], 'every pod has a policy');
  });

  t.test('every setting can be given, or is given, or is a secret', async (t) => {
    const known = [...read('core/config.ts').matchAll(/^ {2}(WARDKEEP_[A-Z_]+): /gm)].map(([, name]) => name as string);
    const schema = JSON.parse(read('helm/wardkeep/values.schema.json')) as { properties: { settings: { properties: object } } };
    const settable = Object.keys(schema.properties.settings.properties);
    t.same(settable.filter((name) => !known.includes(name)), [], 'no setting that the program does not know');
    const given = Object.values(MATRIX).flatMap((values) => podsOf(render(values))).flatMap(({ spec }) => spec.containers[0].env.map(({ name }) => name.replace(/(?<!TLS_CERT|TLS_KEY)_FILE$/, '')));
    t.same([...new Set(given)].filter((name) => !known.includes(name)), ['NODE_EXTRA_CA_CERTS']);
    t.same(known.filter((name) => !settable.includes(name) && !given.includes(name)), ['WARDKEEP_PROGRAM_DIR', 'WARDKEEP_PORT'], 'the first is the image’s, the second the chart’s');
    t.match(read('helm/Dockerfile'), /^ENV WARDKEEP_PROGRAM_DIR=\/opt\/wardkeep$/m);
  });

  t.test('the page for installers has each value with its default', async (t) => {
    const IN_THE_FILE = ['settings', 'resources'];
    const REQUIRED = ['url', 'image.repository', 'rootKeys.existingSecret', 'tls.existingSecret'];
    const flat = (value: object, above = ''): [string, unknown][] => Object.entries(value).flatMap(([key, inner]) => {
      const path = `${above}${key}`;
      return inner !== null && typeof inner === 'object' && !Array.isArray(inner) && Object.keys(inner).length > 0 && !IN_THE_FILE.includes(path) ? flat(inner, `${path}.`) : [[path, inner]];
    });
    const defaults = flat(parse(read('helm/wardkeep/values.yaml')));
    const table = new Map([...read('docs/kubernetes.md').matchAll(/^\| `([A-Za-z.]+)` \|.*\| (.+) \|$/gm)].map(([, name, shown]) => [name as string, shown as string]));
    t.same([...table.keys()], defaults.map(([path]) => path));
    for (const [path, value] of defaults) {
      const shown = table.get(path) ?? '';
      if (REQUIRED.includes(path)) t.equal(shown, 'required', path);
      else if (IN_THE_FILE.includes(path)) t.equal(shown, 'see the file', path);
      else if (value === '') t.notMatch(shown, /^`|required/, path);
      else t.equal(shown, `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``, path);
    }
    t.same(REQUIRED.filter((path) => !helm(TEMPLATE, {}).stderr.includes(`${path} is missing`)), []);
    t.equal(render(parse(/cat > values\.yaml <<END\n(.*?)END/s.exec(read('docs/kubernetes.md'))?.[1] as string)).length, 3, 'the values of the page install it');
  });

  t.test('an upgrade looks at what runs', async (t) => {
    const running = new Map<string, object>();
    const kubeconfig = await openKubernetesApi(t, running);
    const upgrade = async (values: Values): Promise<{ status: number; stderr: string }> => {
      const child = spawn('helm', [...TEMPLATE, '--is-upgrade', '--dry-run=server', '--values', '-'], { env: { ...process.env, KUBECONFIG: kubeconfig }, stdio: ['pipe', 'ignore', 'pipe'] });
      let stderr = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
      child.stdin.end(JSON.stringify(values));
      const [status] = (await once(child, 'close')) as [number];
      return { status, stderr };
    };
    const deployment = (image: string, replicas: number) => ({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'wardkeep', namespace: 'records' }, spec: { template: { spec: { containers: [{ name: 'wardkeep', image }] } } }, status: { replicas } });
    const path = (kind: string) => `/apis/apps/v1/namespaces/records/${kind}/wardkeep`;

    running.set(path('deployments'), deployment('registry.example.org/wardkeep:0.0.9', 2));
    t.match(await upgrade(EXTERNAL), { status: 1, stderr: /must end before the next one migrates.*kubectl --namespace records scale deployment\/wardkeep --replicas=0.*wait --for=delete pod/ }, 'programs of the old version');
    t.match(await upgrade(BUNDLED), { status: 1, stderr: /would move this installation to another database/ }, 'from an external database to the bundled one');
    running.set(path('deployments'), deployment('registry.example.org/wardkeep:0.0.9', 0));
    t.match(await upgrade(EXTERNAL), { status: 0 }, 'they have ended');
    running.set(path('deployments'), deployment(`registry.example.org/wardkeep:${parse(read('helm/wardkeep/Chart.yaml')).appVersion}`, 2));
    t.match(await upgrade(EXTERNAL), { status: 0 }, 'another setting, the same version');

    running.clear();
    running.set(path('statefulsets'), { apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name: 'wardkeep', namespace: 'records' }, spec: {}, status: { replicas: 1 } });
    t.match(await upgrade(BUNDLED), { status: 0 }, 'a StatefulSet stops the old program before it starts the new one');
    t.match(await upgrade(EXTERNAL), { status: 1, stderr: /would move this installation to another database/ }, 'and from the bundled one to another');
  });

  const noPods = whyNoPods();
  if (noPods !== null && process.env['CI'] === 'true') throw new Error(`CI must run the pods: ${noPods}.`);
  t.test('the pods run', { skip: noPods ?? false, timeout: 100_000 }, async (t) => {
    const { ca, key, cert } = makeCertificate();
    const port = await freePort();
    const rootKey = `root:${randomBytes(32).toString('base64')}`;
    const secrets = { 'root-keys': { 'root.key': `${rootKey}\n` }, certificate: { 'tls.crt': cert, 'tls.key': key } };
    const env = { WARDKEEP_PORT: String(port) };
    const ask = (path: string) => new Promise<number>((resolve) => request({ host: '127.0.0.1', servername: 'localhost', port, path, ca, minVersion: 'TLSv1.3', agent: false }, (response) => resolve(response.resume().statusCode ?? 0)).on('error', () => resolve(0)).end());
    const isReady = async (pod: RunningPod): Promise<void> => {
      const ended = pod.ended.then((code) => { throw new Error(`The pod ended with ${code}:\n${pod.output()}`); });
      const ready = (async () => { while ((await ask('/health/ready')) !== 200) await sleep(100); })();
      await Promise.race([ready, ended]);
    };

    t.test('on the bundled database, also after the node took it away', async (t) => {
      const cluster = { secrets, env, claims: { data: makeClaim(t, 10001) } };
      const spec = podOf(render(BUNDLED), 'StatefulSet');
      const first = runPod(t, spec, cluster);
      await isReady(first);
      t.equal(await ask('/health/live'), 200);
      t.equal(await ask('/sign-in'), 200);
      for (let waitedMs = 0; !first.output().includes('/setup/') && waitedMs < 20_000; waitedMs += 100) await sleep(100); // it answers first
      t.match(first.output(), /https:\/\/records\.example\.org\/setup\//, 'the one-time link is in the log');
      t.notMatch(first.output(), rootKey.slice(5));
      first.send('SIGKILL');
      await first.ended;
      const second = runPod(t, spec, cluster);
      await isReady(second);
      second.send('SIGTERM');
      t.equal(await second.ended, 0, second.output());
      t.match(second.output(), /Stopping\./);
    });

    t.test('on another PostgreSQL: migrated by the Job, served without the owner’s URL', async (t) => {
      const { superuserUrl, ownerUrl, appUrl, jobsUrl } = await createTestDatabase(t);
      const name = `helm_${randomBytes(6).toString('hex')}`;
      await createDatabase(superuserUrl, name);
      t.teardown(() => asSuperuser(superuserUrl, (client) => client.query(`drop database ${quoteName(name)} with (force)`)));
      const url = (role: string) => withDatabase(role, name);
      const cluster = { secrets: { ...secrets, database: { 'owner-url': url(ownerUrl), 'app-url': url(appUrl), 'jobs-url': `${url(jobsUrl)}\n` } }, env, claims: {} };
      const manifests = render(EXTERNAL);

      const early = runPod(t, podOf(manifests, 'Deployment'), cluster);
      t.not(await early.ended, 0, 'a program does not serve before the Job has been');
      const job = runPod(t, podOf(manifests, 'Job'), cluster);
      t.equal(await job.ended, 0, job.output());
      t.match(job.output(), /^Applied: /);
      const server = runPod(t, podOf(manifests, 'Deployment'), cluster);
      await isReady(server);
      t.equal(await ask('/sign-in'), 200);
      const doctor = runPod(t, podOf(manifests, 'Pod'), cluster);
      t.equal(await doctor.ended, 0, doctor.output());
      const again = runPod(t, podOf(manifests, 'Job'), cluster);
      t.equal(await again.ended, 0, 'beside it, with nothing to do');
      t.match(again.output(), /up to date/);
      server.send('SIGTERM');
      t.equal(await server.ended, 0, server.output());
    });
  });
}
