// First, so that it speaks before a peer that is missing or too old makes anything else fail.
import '../peers/require-main-peers.js';
export { memorystoreIam, type GoogleAuthClient, type MemorystoreIamOptions } from './memorystore-iam.js';
