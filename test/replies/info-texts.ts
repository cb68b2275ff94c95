const lines = (text: string) => text.trim().replaceAll('\n', '\r\n') + '\r\n';

/** Replies of real servers to `INFO replication`. */
export const redis7Master = lines(`
# Replication
role:master
connected_slaves:2
slave0:ip=10.0.0.2,port=6380,state=online,offset=1516,lag=0
slave1:ip=2001:db8::3,port=6381,state=wait_bgsave,offset=0,lag=0
master_failover_state:no-failover
master_replid:6b7a0f1a5c5d3c8e2f4b9a0d1e2f3a4b5c6d7e8f
master_replid2:0d9c8b7a6f5e4d3c2b1a0f9e8d7c6b5a4f3e2d1c
master_repl_offset:1516
second_repl_offset:1254
repl_backlog_active:1
repl_backlog_size:1048576
repl_backlog_first_byte_offset:1
repl_backlog_histlen:1516
`);

export const valkey8Master = lines(`
# Replication
role:master
connected_slaves:1
slave0:ip=replica-1.Example,port=6379,state=online,offset=14,lag=1,type=replica
replicas_waiting_psync:0
master_failover_state:no-failover
master_replid:8a1f3c5e7d9b0a2c4e6f8d1b3a5c7e9f0b2d4a6c
master_replid2:0000000000000000000000000000000000000000
master_repl_offset:14
second_repl_offset:-1
repl_backlog_active:1
`);

export const redis7Replica = lines(`
# Replication
role:slave
master_host:10.0.0.1
master_port:6379
master_link_status:up
master_last_io_seconds_ago:7
master_sync_in_progress:0
slave_read_repl_offset:1520
slave_repl_offset:1516
slave_priority:100
slave_read_only:1
replica_announced:1
connected_slaves:1
slave0:ip=10.0.0.3,port=6379,state=online,offset=1516,lag=0
master_failover_state:no-failover
master_replid:6b7a0f1a5c5d3c8e2f4b9a0d1e2f3a4b5c6d7e8f
master_replid2:0000000000000000000000000000000000000000
master_repl_offset:1516
second_repl_offset:-1
`);

export const syncingReplica = lines(`
# Replication
role:slave
master_host:Redis-Master.Example
master_port:6379
master_link_status:down
master_last_io_seconds_ago:-1
master_sync_in_progress:1
slave_read_repl_offset:1
slave_repl_offset:1
master_sync_total_bytes:-1
master_sync_read_bytes:175
master_sync_left_bytes:-1
master_sync_perc:-0.00
master_sync_last_io_seconds_ago:0
master_link_down_since_seconds:3
slave_priority:100
slave_read_only:1
connected_slaves:0
master_replid:6b7a0f1a5c5d3c8e2f4b9a0d1e2f3a4b5c6d7e8f
master_replid2:0000000000000000000000000000000000000000
master_repl_offset:1
second_repl_offset:-1
`);
