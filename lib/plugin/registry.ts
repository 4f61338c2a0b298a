import type { Role } from "../access/caller.ts";
import type { StreamHandler, StreamOptions } from "../bus/handler.ts";
import type { Migration } from "../store/contract.ts";
import type { EraseHandler, PluginCommand, RouteHandler, ServeOptions } from "./contract.ts";
import { DeferredServer } from "./deferred_server.ts";
import { DeferredStream } from "./deferred_stream.ts";
import type { RegisteredCommand } from "./host_contract.ts";
import type { PluginLife } from "./plugin_life.ts";
import { streamProblem, valuesProblem } from "./stream_problem.ts";
import { DeclaredTopics } from "./topics.ts";

/** A registered stream. */
export interface RegisteredStream {
  plugin: string;
  /** Plugin and group: unique. */
  name: string;
  group: string;
  options: StreamOptions;
  /** May be absent with `options.worker`. */
  handler?: StreamHandler;
  handle: DeferredStream;
}

/** A registered route of the admin listener. */
export interface RegisteredRoute {
  plugin: string;
  method: string;
  path: string;
  handler: RouteHandler;
  role?: Role;
}

/** A registered listener. */
export interface RegisteredServer {
  plugin: string;
  options: ServeOptions;
  server: DeferredServer;
}

/** A registered handler of erasures. */
export interface RegisteredEraser {
  plugin: string;
  handler: EraseHandler;
}

/** What the plugins' `setup` registered. Names that two claim are refused as they come. */
export class Registry {
  readonly topics = new DeclaredTopics();
  readonly streams: RegisteredStream[] = [];
  readonly stores: { plugin: string; migrations: readonly Migration[] }[] = [];
  readonly routes: RegisteredRoute[] = [];
  readonly servers: RegisteredServer[] = [];
  readonly commands: RegisteredCommand[] = [];
  readonly erasers: RegisteredEraser[] = [];
  readonly lives: PluginLife[] = [];

  /** Takes back what a plugin registered: its setup failed, or it is over. */
  forget(plugin: string): void {
    this.adopt(plugin, new Registry());
  }

  /** A copy without one plugin, in which a successor of it can register before it takes its place. */
  without(plugin: string): Registry {
    const copy = new Registry();
    copy.streams.push(...this.streams);
    copy.stores.push(...this.stores);
    copy.routes.push(...this.routes);
    copy.servers.push(...this.servers);
    copy.commands.push(...this.commands);
    copy.erasers.push(...this.erasers);
    copy.lives.push(...this.lives);
    copy.topics.copy(this.topics);
    copy.forget(plugin);
    return copy;
  }

  /** Puts what a plugin registered elsewhere in the place of what it registered here. */
  adopt(
    plugin: string,
    { streams, stores, routes, servers, commands, erasers, lives, topics }: Registry,
  ): void {
    replace(this.streams, plugin, streams);
    replace(this.stores, plugin, stores);
    replace(this.routes, plugin, routes);
    replace(this.servers, plugin, servers);
    replace(this.commands, plugin, commands);
    replace(this.erasers, plugin, erasers);
    replace(this.lives, plugin, lives);
    this.topics.adopt(plugin, topics);
  }

  /** @throws {Error} the group is taken on one of these topics, or the options are wrong; see `streamProblem`. */
  addStream(plugin: string, group: string, options: StreamOptions, handler?: StreamHandler): DeferredStream {
    const name = `${plugin}/${group}`;
    const cannot = `Cannot make stream ${name}`;
    const problem = streamProblem(options, handler);
    if (problem !== undefined) throw new Error(`${cannot}: ${problem}`);
    const other = this.streams.find((each) =>
      each.name === name ||
      (each.group === group && each.options.topics.some((topic) => options.topics.includes(topic)))
    );
    if (other) {
      throw new Error(
        `${cannot}: ${other.name} reads as group ${group} already; give each stream a group of its own`,
      );
    }
    const handle = new DeferredStream(name);
    this.streams.push({ plugin, name, group, options, handle, ...(handler && { handler }) });
    return handle;
  }

  /**
   * Call it when all plugins have registered.
   * @throws {Error} a stream can't read a topic's values where it runs.
   */
  checkValues(): void {
    const declared = new Map(this.topics.values());
    for (const { name, options } of this.streams) {
      const problem = valuesProblem(options, declared);
      if (problem !== undefined) throw new Error(`Cannot make stream ${name}: ${problem}`);
    }
  }

  /** @throws {Error} another plugin answers that method and path, or the agent does itself. */
  addRoute(route: RegisteredRoute): void {
    const { plugin, method, path } = route;
    const shape = routeShape(method, path);
    const other = this.routes.find((each) => routeShape(each.method, each.path) === shape);
    if (other) throw new Error(`Cannot route ${method} ${path} for ${plugin}: ${other.plugin} answers it`);
    if (/^\/(admin|metrics|healthz|readyz)(\/|$)/.test(path)) {
      throw new Error(
        `Cannot route ${method} ${path} for ${plugin}: the agent answers it; choose another path`,
      );
    }
    if (!path.startsWith("/")) {
      throw new Error(`Cannot route ${method} ${path} for ${plugin}: begin it with /`);
    }
    this.routes.push({ ...route, method: method.toUpperCase() });
  }

  /** @throws {Error} the plugin has a listener of that name, or it can't be told what is to answer. */
  addServer(plugin: string, options: ServeOptions): DeferredServer {
    const { name, handler, fetch, upgrade } = options;
    if ((handler === undefined) === (fetch === undefined) || (fetch && upgrade)) {
      throw new Error(
        `Cannot add listener ${name} for ${plugin}: what is to answer is not clear; give handler, with upgrade or not, ` +
          "or fetch alone",
      );
    }
    if (this.servers.some((each) => each.plugin === plugin && each.options.name === options.name)) {
      throw new Error(
        `Cannot add listener ${options.name} for ${plugin}: it has one of that name; choose another`,
      );
    }
    const server = new DeferredServer();
    this.servers.push({ plugin, options, server });
    return server;
  }

  /** @throws {Error} another plugin has that command, or one is the group of another. */
  addCommand(plugin: string, command: PluginCommand): void {
    const path = command.path.trim().replace(/\s+/g, " ");
    const other = this.commands.find((each) =>
      each.command.path === path || each.command.path.startsWith(`${path} `) ||
      path.startsWith(`${each.command.path} `)
    );
    if (other) {
      throw new Error(
        `Cannot add command "${path}" for ${plugin}: ${other.plugin} has "${other.command.path}"`,
      );
    }
    this.commands.push({ plugin, command: path === command.path ? command : { ...command, path } });
  }
}

/** Two routes of one shape answer the same requests, however their parameters are called. */
function routeShape(method: string, path: string): string {
  return `${method.toUpperCase()} ${path.replace(/:[^/]+/g, ":")}`;
}

/** What was first stays first: plugins are stopped in the reverse of this order. */
function replace<T extends { readonly plugin: string }>(list: T[], plugin: string, from: readonly T[]): void {
  const at = list.findIndex((each) => each.plugin === plugin);
  const others = list.filter((each) => each.plugin !== plugin);
  const before = at < 0 ? others.length : at;
  list.length = 0;
  for (const each of others.slice(0, before)) list.push(each);
  for (const each of from) if (each.plugin === plugin) list.push(each);
  for (const each of others.slice(before)) list.push(each);
}
