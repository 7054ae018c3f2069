import type { ChannelOptions } from '@grpc/grpc-js';

/**
 * Version of the daemon-keeper contract that this code speaks. Raised with each change that an older side can't
 * ignore; fields are only ever added.
 */
export const keeperProtocol = 1;

/** The oldest keeper that this code can still serve its sessions through. */
export const oldestKeeperProtocol = 1;

/** The call metadata that carries the keeper's nonce: it is checked on every call, so a connection has no state. */
export const nonceKey = 'runspaced-nonce';

/**
 * Options of both ends. Sizes are limited where bytes enter (the public API, the engine's MaximumReceivedObjectSize),
 * not between two processes of ours. The daemon watches its keepers, so a channel must never fall asleep.
 */
export const channelOptions: ChannelOptions = {
  'grpc.max_receive_message_length': -1,
  'grpc.max_send_message_length': -1,
  'grpc.enable_retries': 0,
  'grpc.client_idle_timeout_ms': 0x7fffffff,
  'grpc.use_local_subchannel_pool': 1,
  'grpc-node.flow_control_window': 1024 * 1024,
};
