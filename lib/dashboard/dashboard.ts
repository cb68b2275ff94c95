import { hostname } from 'node:os';
import { Injectable, NotFoundException } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { Observable } from 'rxjs';
import { findInstance } from '../nest/find-instance.js';
import { RedisReplicationConnections } from '../nest/redis-replication-connections.js';
import { DEFAULT_NAME } from '../nest/tokens.js';
import { InstanceMonitor, type Update } from './instance-monitor.js';

/** Who tells: an instance of this app, in this process. */
export interface Identity {
  readonly instance: string;
  /** All instances of the app. */
  readonly instances: readonly string[];
  /** The name of the host; in Kubernetes that of the pod. */
  readonly pod: string;
}

/** The instances of the app, as the page shows them. */
@Injectable()
export class Dashboard {
  // Not `#private`: some tools wrap providers in proxies, through which private fields cannot be read.
  private readonly monitors = new Map<string, InstanceMonitor>();

  constructor(
    private readonly moduleRef: ModuleRef,
    private readonly connections: RedisReplicationConnections,
  ) {}

  /** Which instance a request means: the one without a name, or else the first, if it names none. */
  identify(asked: string | undefined): Identity {
    const { names } = this.connections;
    const instance = asked ?? (names.includes(DEFAULT_NAME) ? DEFAULT_NAME : names[0]) ?? DEFAULT_NAME;
    return { instance, instances: names, pod: hostname() };
  }

  /** @throws NotFoundException that lists the names in use, if no instance has this one. */
  read(name: string): InstanceMonitor['current'] {
    return this.monitorOf(name).current;
  }

  /** @throws NotFoundException that lists the names in use, if no instance has this one. */
  watch(name: string): Observable<Update> {
    return this.monitorOf(name).watch();
  }

  private monitorOf(name: string): InstanceMonitor {
    const known = this.monitors.get(name);
    if (known !== undefined) {
      return known;
    }
    try {
      const monitor = new InstanceMonitor(findInstance(this.moduleRef, name));
      this.monitors.set(name, monitor);
      return monitor;
    } catch (error) {
      throw new NotFoundException(error instanceof Error ? error.message : String(error));
    }
  }
}
