/** A database under attack: two workspaces with rows in each, and an attacker who may run any SQL inside a request for the first. */

export type Row = Record<string, unknown>;
export type Sql = (text: string, values?: unknown[]) => Promise<Row[]>;

export type Workspace = {
  readonly id: string;
  readonly userId: string;
  readonly contactId: string;
  readonly email: string;
  /** Text that stands in this workspace's rows and nowhere else. */
  readonly marker: string;
};

export type Request = {
  /** The attacker's prompt, on the request's own connection. A list of statements in one text gives the last one's rows. */
  readonly sql: Sql;
  /** What the program does in every request: a parameterised query it has prepared, for the status of one contact. */
  readonly program: (contactId: string) => Promise<Row[]>;
};

/** One pooled connection, as the program borrows it for request after request. */
export type Connection = {
  readonly pid: () => Promise<number>;
  /** Begins, enters the workspace, works, commits; rolls back and throws when any of it fails. */
  request<T>(workspace: Workspace, work: (request: Request) => Promise<T>): Promise<T>;
  /** The same connection between two requests. */
  readonly between: Sql;
  close(): Promise<void>;
};

export type Target = {
  readonly a: Workspace;
  readonly b: Workspace;
  /** Rows of `b`'s contacts, and of everybody's users, as the superuser counts them. */
  readonly census: () => Promise<string>;
  connect(): Promise<Connection>;
  /** A statement that enters a workspace on a given connection, as the program would send it. */
  entering(workspace: Workspace, backend: { pid: number; nth: number }, expiresAt: number): string;
  /** A second program's connection, in the middle of a request for `b`. */
  withBusyNeighbour<T>(work: (neighbourPid: number) => Promise<T>): Promise<T>;
};
