/**
 * Every limit of the engine, in bytes, items or milliseconds, and the relations between them. A queue, buffer,
 * cache or message that is not bounded by a line of this file is a defect (invariant 8).
 */
import assert from 'node:assert/strict'

export const KiB = 1024
export const MiB = 1024 * KiB
export const GiB = 1024 * MiB

export const limits = {
  // Pieces and chunks
  pieceTargetMinBytes: 64 * KiB,
  pieceTargetMaxBytes: 8 * MiB,
  /** No piece is longer, whatever its content. */
  pieceMaxBytes: 12 * MiB,
  /** A sealed chunk: a piece that would not compress, one byte of format, a 16-byte tag. */
  chunkMaxBytes: 12 * MiB + 64,
  /** Chunks up to this size live in SQLite, larger ones in files. */
  smallChunkBytes: 64 * KiB,
  segmentMaxReferences: 1024,
  segmentMaxBytes: 256 * KiB,
  /** Contents up to this size are one piece, sealed in one go. */
  inlineSealBytes: 16 * KiB,
  /** Memory that all uploads of a node share for pieces being cut, sealed and stored. */
  sealArenaBytes: 64 * MiB,
  /** Small pieces at the beginning of a content are read and cut this much at a time. */
  sealWindowBytes: 1 * MiB,
  /** Small contents that travel to a compute thread together. */
  smallContentsPerJob: 32,
  /** Contents above inlineSealBytes that are read and cut at once; more wait. */
  sealStreams: 64,
  /** Encryption goes in blocks of this size, which stay in the processor's cache. */
  cipherBlockBytes: 128 * KiB,
  /** Chunks up to this size are opened on the calling thread. */
  inlineOpenBytes: 128 * KiB,
  /** What one transaction of the chunk store takes, so that it does not hold up everything else for long. */
  storeCommitBytes: 4 * MiB,
  storeCommitWorks: 1000,
  /** The chunk store asks the disk for its free space when the last answer is that old... */
  freeSpaceAskMs: 5_000,
  /** ...or is that old and leaves no more than this. */
  freeSpaceReaskMs: 250,
  freeSpacePlentyBytes: 256 * MiB,
  /** Damaged chunks that are kept for whoever wants to look; further ones are deleted. */
  quarantinedChunks: 64,
  /** A worker thread's heap; its buffers lie outside. */
  threadHeapBytes: 48 * MiB,
  /** Memory that all reads of a node share for chunks fetched and opened ahead. */
  readAheadBytes: 48 * MiB,
  readAheadChunks: 4,
  /** Memory for the pieces that reads need next. */
  readHeadBytes: 48 * MiB,
  computeThreads: 4,

  // Databases
  /** Page cache of one SQLite file. */
  databaseCacheBytes: 16 * MiB,
  /** The write-ahead log is folded into the file when it has grown so far. */
  databaseWalBytes: 16 * MiB,
  /** How long another process (a backup, an inspector) may hold a database before a call fails. */
  databaseBusyMs: 5_000,

  // Replication
  /** Small chunks per message, and what they may weigh together. */
  chunksPerBatch: 512,
  chunkBatchBytes: 1 * MiB,
  /** Ids of chunks that came or went, per message. */
  inventoryBatch: 4096,
  /** Buckets of a peer's inventory that are asked for at once. */
  inventoryBucketsAtOnce: 32,
  /** Inventory news wait this long for company. */
  inventoryDelayMs: 50,
  /** When a claim that found no room on the disk is tried again. */
  inventoryRetryMs: 5_000,
  /** A holder that sends nothing for this long while a read waits is left for the next. */
  fetchStallMs: 1_000,
  copiesAtOnce: 32,
  /** The same while somebody reads or writes through this node: people go first... */
  copiesBesideForeground: 2,
  /** ...until nobody has for this long. */
  foregroundRestMs: 1_000,
  /** Bytes of chunks that background copies hold in memory. */
  copyAheadBytes: 32 * MiB,
  /** A chunk must have been short for this long before another than its writer copies it: claims travel slower than rows. */
  copySettleMs: 3_000,
  copyScanBatch: 500,
  copyRetryMs: 15_000,
  /** Chunks of a group that one step of repair looks at. */
  repairPage: 128,
  /** Copies per order to a holder, orders under way to one holder, and what a holder has waiting from others. */
  copiesPerOrder: 64,
  ordersPerHolder: 2,
  copiesQueued: 2048,
  /** An order without an answer for so long (and as long as its bytes need under limits of rates) was lost. */
  orderTimeoutMs: 120_000,
  /** Groups of chunks whose repair is remembered; of others it is not known when to take over. */
  repairGroups: 16_384,
  /** Groups are looked at again no sooner than this. */
  repairSurveyMs: 250,
  /** Without progress for this long the next planner in order takes over. */
  takeOverMs: 300_000,
  /** A machine that is back for less than this has not returned. */
  returnSettleMs: 120_000,
  /** How long machines are silent is kept this often: a crash costs no more of a wait. */
  silencesKeptMs: 300_000,
  /** Wait for an always-on machine when one replica is left within reach. */
  oneLeftWaitMs: 300_000,
  /** "Away until" holds for so long at most. */
  awayUntilMaxMs: 7 * 86_400_000,
  /** Smaller pools never freeze. */
  freezeFromMembers: 4,
  /** Under a limit of rate: what may pass at once after a pause, and how far ahead times are promised. */
  throttleBurstMs: 1_000,
  throttleAheadMs: 60_000,
  /** Chunks that one question for pledges names, and what they may weigh: each pledger reads them all. */
  pledgesPerBatch: 256,
  pledgeBatchBytes: 64 * MiB,
  /** Pledges that have not come so long after the mark are not used; and so long a pledge may be relied on. */
  pledgeTimeoutMs: 20_000,
  /** A group of chunks that is not to be given up now, or whose pledges were refused, is looked at again after this long. */
  shedRestMs: 15_000,
  /** The same for chunks that might move to an emptier member. */
  moveRestMs: 600_000,
  /** How often giving up looks whether anything has changed. */
  shedLookMs: 2_000,

  // Wire
  /** Payloads travel in frames of this size. */
  frameBytes: 1 * MiB,
  /** The largest WebSocket message: one frame and its header. */
  wireMessageMaxBytes: 1 * MiB + 64 * KiB,
  /** A control message's CBOR. */
  controlMessageMaxBytes: 1 * MiB,
  /** Payload bytes that a peer may have under way to us before we grant more. */
  payloadWindowBytes: 26 * MiB,
  /** No node grants more at once, of whatever release. */
  creditMaxBytes: 1 * GiB,
  /** Memory of payloads that was given back and waits for the next. */
  payloadPoolBytes: 48 * MiB,
  /** Payloads from this size on lie in such memory. */
  pooledPayloadBytes: 256 * KiB,
  /** Memory into which a wire that brings bulk reads, and how many wires have such; the others read as Node does. */
  readRingBytes: 1 * MiB + 256 * KiB,
  readRings: 12,
  /** What a wire buffers before bulk waits for it to drain. */
  wireBufferBytes: 2 * MiB,
  /** Small messages that are ready together travel in one of up to this size. */
  bundleBytes: 64 * KiB,
  /** With more small messages waiting for a slow peer requests are refused, with twice as much answers, with four times it is cut off. */
  laneQueueBytes: 16 * MiB,
  requestsPerPeer: 1024,
  /** Messages with a malformed body that a peer may send before it is cut off. */
  malformedMessagesMax: 16,
  handshakeTimeoutMs: 10_000,
  /** Handshakes under way with nodes that have not been admitted yet. */
  handshakesAtOnce: 64,
  /** How long an old connection has to answer when its peer offers a new one. */
  probeMs: 3_000,
  /** Between two addresses of one node that are dialled side by side. */
  dialStaggerMs: 300,
  /** Refusals and failures remembered, one per node. */
  problemsRemembered: 256,
  /** A node's certificate, DER; ours have about 300 bytes. */
  certificateMaxBytes: 4 * KiB,
  /** Wires that others have opened to this node, admitted or not: two per member, the rest for pairing and strangers. */
  wiresAccepted: 256,
  /** The HTTP head of an upgrade. */
  upgradeHeadMaxBytes: 4 * KiB,
  /** How long a closing wire may take to send what it still has. */
  wireCloseMs: 2_000,
  /** Silence after which the operating system asks whether the other end still lives. */
  keepAliveMs: 15_000,
  requestTimeoutMs: 30_000,
  heartbeatMs: 2_000,
  /** What went to and came from each member is kept in so many steps of this length. */
  trafficStepMs: 5_000,
  trafficSteps: 60,
  suspectAfterMs: 6_000,
  offlineAfterMs: 15_000,
  /** A data wire that brings nothing for this long is dead; longer than for control, since its beats wait behind bulk. */
  dataSilenceMs: 60_000,
  reconnectMinMs: 500,
  reconnectMaxMs: 30_000,
  addressesPerNode: 16,
  /** host:port; a host name has at most 253 characters. */
  addressMaxBytes: 300,
  /** A clock that differs by more makes a peer's catalog wait. */
  clockSkewMaxMs: 600_000,
  /** Rows stamped further ahead are not merged. */
  stampAheadMaxMs: 3_600_000,
  /** A gap in the node's own loop that means the machine slept. */
  wakeGapMs: 10_000,

  // Discovery
  /** Between questions on the local network, once the first ones are asked. */
  discoveryQueryMs: 60_000,
  /** A node that was not heard for so long is gone. */
  discoveryExpiryMs: 200_000,
  /** Who does not hear its own announcement after so long has no multicast. */
  discoveryCheckMs: 5_000,
  /** How long saying goodbye may delay a stop. */
  discoveryGoodbyeMs: 500,
  /** Nodes seen at a time; a flood of invented ones ends here. */
  sightingsMax: 256,
  interfacePollMs: 5_000,

  // Pool and catalog
  membersPerPool: 63,
  memberRowsPerPool: 4096,
  memberRowMaxBytes: 16 * KiB,
  /** Places among them that only removals may take, so that a stolen machine cannot fill the set against its own removal. */
  memberRowsForRemovals: 256,
  /** Rows that one member row lists: those that a removal lets stand, or the removals that an admission lifts. */
  hashesPerMemberRow: 384,
  /** An epoch's secret sealed to one recipient. */
  sealedSecretMaxBytes: 192,
  epochNumberMax: 0xffff_ffff,
  /** Epoch secrets that one request asks for. */
  secretsPerFetch: 64,
  /** Member rows that a handshake carries; what is missing follows once connected. */
  admissionMaxBytes: 384 * KiB,
  /** A peer that did not take member rows is asked again after this long. */
  memberSyncRetryMs: 5_000,
  /** How long a node that leaves, or removes a connected one, waits for its removal to arrive. */
  memberRowsArriveMs: 5_000,
  rowHeaderMaxBytes: 128 * KiB,
  rowBodyMaxBytes: 160 * KiB,
  rowsPerBatch: 1000,
  batchMaxBytes: 768 * KiB,
  fingerprintBuckets: 65_536,
  /** A walk lists this many buckets at once at first, and at most; in between as many as make good batches. */
  bucketsPerWalkStart: 64,
  bucketsPerWalkStep: 4096,
  /** Segments that one version names: 4 TB at the largest pieces; their ids must fit the row's header. */
  segmentsPerVersion: 3500,
  parentsPerVersion: 64,
  propertiesMaxBytes: 64 * KiB,
  /** Works and merges that wait for the next commits. */
  commitQueue: 16_384,
  /** Work on views that may wait is done so long after a commit, and so many items per transaction. */
  viewWorkDelayMs: 250,
  viewWorkStep: 1000,
  /** Pushes that wait for one peer, and what they may weigh; beyond that the walk brings the rows. */
  pushesWaiting: 8192,
  pushWaitingBytes: 32 * MiB,
  /** Unequal catalogs are walked at once when no rows travel; while rows travel, after this long. */
  walkPatienceMs: 20_000,
  /** A walk that could not make two catalogs equal (a refused row) is tried again after this long. */
  walkRetryMs: 60_000,
  /** Rows that one step of a walk may list; more in so few buckets is no catalog of ours. */
  walkStepRows: 500_000,
  /** A walk that asks nothing for this long gives way to another one. */
  walkIdleMs: 5_000,
  /** Keys, rows and segments are asked for by so many; answers stop at batchMaxBytes. */
  segmentsPerFetch: 1000,
  /** Segments that a node looks for at once. */
  segmentsSought: 16_384,
  /** Segments that no connected member has are asked for again after this long. */
  segmentRetryMs: 15_000,
  /** A read waits so long for the segments of a version that has just arrived, looking so often. */
  segmentWaitMs: 5_000,
  segmentPollMs: 20,
  /** Entries that one committed batch names as changed; beyond that, all are. */
  changedEntries: 1000,
  /** Versions that became whole and have not been told yet. */
  completedVersions: 65_536,
  /** Entries whose wanted copies are looked at again within the transaction of one row; the rest follows in the background. */
  wantedPerRow: 100,
  /** Rows that one step of making the groups of files reads, files that one counts, and look-ups that one makes to follow changes. */
  groupStep: 1024,
  groupScan: 200_000,
  groupLooks: 500,
  /** Changes that wait for the groups of files, of each kind; beyond that the groups are made anew. */
  groupMarks: 100_000,
  /** Sets of patterns remembered before the groups are made anew without those that no file has any more. */
  patternSets: 500_000,
  /** Claims travel slower than rows: for so long what nobody claims yet is on its way and not lost. */
  claimsComeMs: 10_000,
  /** A survey of all files is made anew after this long, since waits end with time alone. */
  surveyMaxAgeMs: 1000,
  /** How long showing a folder may wait for the survey of now. */
  folderStateWaitMs: 500,
  /** The same for the first survey after a start: some seconds per million files. */
  firstSurveyWaitMs: 5_000,
  /** Steps of some 3 ms that a question may take of the event loop at once. */
  surveyStepsAtOnce: 3,
  /** A survey follows changes for this long at most. */
  surveyFollowMs: 300,
  /** A question that waits for the survey of now takes what is there after so many of them: something changes all the time. */
  surveyRounds: 2,
  /** Folders of which it is remembered whether they are live. */
  folderFates: 4096,
  /** Folders kept at hand while files are put into them. */
  parentsRemembered: 256,
  /** Opened segments kept for looking up pieces: some 300 KiB each at most. */
  segmentsOpened: 16,
  /** Names that one page of a search compares, and names that it looks through where no index helps. */
  searchCandidates: 20_000,
  searchScan: 200_000,
  nameMaxBytes: 255,
  pathMaxBytes: 16 * KiB,
  pathMaxDepth: 256,
  poolNameMaxBytes: 128,
  nodeNameMaxBytes: 128,
  inviteLifetimeMs: 600_000,
  /** How long a join by code alone looks for the pool on the local network. */
  joinSearchMs: 10_000,
  joinPollMs: 100,
  /** What happened, kept in memory. */
  activityItems: 1000,
  invitesOpen: 16,
  /** Used and expired invites that are remembered, so that a late code is told apart from a wrong one. */
  invitesRemembered: 64,
  pairingAttemptsPerMinute: 30,
  /** An invite dies of so many wrong proofs by someone who knows its tag. */
  pairingProofsPerInvite: 10,
  /** A joiner that has dialled gets so long for the whole conversation. */
  pairingTimeoutMs: 30_000,

  // Writing
  acknowledgeNodes: 2,
  /** A write without progress for this long answers with what it has. */
  acknowledgeStallMs: 10_000,
  /** Chunks that an upload may have under way to disks and peers. */
  storeAheadBytes: 64 * MiB,
  minimumFreeBytes: 512 * MiB,
  /** The least that people can choose: the logs of the databases need room, or nothing could be deleted on a full disk. */
  leastMinimumFreeBytes: 16 * MiB,

  // The log
  /** Lines kept in memory, and characters of each. */
  logLines: 1_000,
  logLineLength: 1_000,

  // Transfers
  /** Names that a folder of this computer gives at once. */
  localNamesAtOnce: 256,
  /** Imports that run at once; further ones wait. */
  importsAtOnce: 3,
  /** After a start imports wait so long for other machines to connect. */
  importsStartMs: 3_000,
  /** Imports that wait, run or are paused; and ended ones that are remembered. */
  importsOpen: 200,
  importsRemembered: 100,
  /**
   * Of one import: files looked at or stored at once, bytes of those up to 1 MiB, files above 1 MiB and above 16 MiB, and files
   * counted at once.
   */
  importFilesAtOnce: 512,
  importBytesAtOnce: 8 * MiB,
  importMediumAtOnce: 8,
  importLargeAtOnce: 2,
  importCountAtOnce: 512,
  /** So long an import counts before it stores. */
  importCountFirstMs: 500,
  /** How often a file that changes while it is read, or meets a passing trouble, is tried, and how long between. */
  importAttempts: 3,
  importRetryMs: 1_000,
  /** Files that failed are listed up to so many per import; those shown in the API; and what one line says at most. */
  importFailuresListed: 1000,
  importFailuresShown: 50,
  importPathsShown: 10,
  /** An import's row is told at most this often while it runs. */
  transferEventMs: 300,
  /** The rate is that of the last so many milliseconds. */
  transferRateMs: 10_000,
  /** Files whose copies are waited for are looked at so many at a time, this often. */
  copiesAwaitedPage: 500,
  copiesAwaitedMs: 500,
  /** Folders of this computer whose changes go into the pool; patterns that one leaves alone, and how long one is. */
  linkedFolders: 32,
  linkedIgnored: 100,
  linkedIgnoredLength: 200,
  /** A file is taken, and a missing one believed gone, when that has been so for so long... */
  linkedSettleMs: 2_000,
  /** ...a file at once that was last written so long ago. */
  linkedRestedMs: 60_000,
  /** Everything is looked at again so often, and where changes cannot be heard. */
  linkedRescanMs: 900_000,
  linkedDeafRescanMs: 30_000,
  /** After a failure; and how often it is looked whether the folder itself is there. */
  linkedRetryMs: 60_000,
  linkedAbsentMs: 5_000,
  /** After so many changes heard some may have been lost on the way: once it is calm, everything is looked at and heard anew. */
  linkedBurst: 500,
  linkedCalmMs: 5_000,
  /** Changed paths that wait to be looked at, of each kind; with more everything is looked at again. */
  linkedChanges: 20_000,
  linkedFilesAtOnce: 64,
  /** Files of a linked folder that are gone there and remembered, since the pool keeps them. */
  linkedGone: 100_000,
  /** Between two looks, so that a burst of changes is looked at together. */
  linkedGatherMs: 250,
  /** Files that could not be stored, as listed. */
  linkedFailures: 100,

  // API
  apiBodyMaxBytes: 1 * MiB,
  /** A batch of small files, heads included. */
  batchBodyMaxBytes: 8 * MiB,
  listDefault: 200,
  listMax: 1000,
  loginCodeLifetimeMs: 300_000,
  loginCodesMax: 16,
  sessionsMax: 64,
  /** A request's line and headers; a path of pathMaxBytes may be three times as long when percent-encoded. */
  apiHeadersMaxBytes: 80 * KiB,
  apiHeadersTimeoutMs: 15_000,
  apiKeepAliveMs: 60_000,
  apiConnections: 512,
  /** An upload or download whose other end moves nothing for this long is cut. */
  apiStallMs: 60_000,
  /** How long the rest of a refused upload is read and dropped, so that the client sees the answer. */
  apiLingerMs: 5_000,
  eventBacklog: 4096,
  eventStreams: 64,
  eventHeartbeatMs: 15_000,
  /** At most one event about health in so long. */
  healthEventMs: 1_000,
  confirmEntries: 1000,
  /** Deleting more than this share of all entries wants a confirmation too, from so many entries on. */
  confirmShare: 0.1,
  confirmShareFrom: 100,
  /** Files of a copied folder per transaction. */
  copyFilesPerBatch: 200,
} as const

/** Called once when a node starts: the relations that other code relies on. */
export function assertLimits(): void {
  assert(limits.pieceTargetMinBytes <= limits.pieceTargetMaxBytes && limits.pieceTargetMaxBytes <= limits.pieceMaxBytes)
  assert(limits.chunkMaxBytes >= limits.pieceMaxBytes + 17)
  assert(limits.wireMessageMaxBytes > limits.frameBytes + KiB)
  assert(limits.controlMessageMaxBytes < limits.wireMessageMaxBytes)
  assert(limits.readRingBytes >= limits.wireMessageMaxBytes + 2 * 64 * KiB)
  assert(limits.discoveryExpiryMs >= 3 * limits.discoveryQueryMs)
  assert(limits.wiresAccepted >= 2 * limits.membersPerPool + limits.handshakesAtOnce)
  assert(limits.batchMaxBytes + limits.rowBodyMaxBytes <= limits.controlMessageMaxBytes)
  assert(limits.rowHeaderMaxBytes >= limits.segmentsPerVersion * 34 + limits.parentsPerVersion * 17 + 128)
  assert(limits.segmentMaxBytes < limits.batchMaxBytes && limits.rowHeaderMaxBytes < limits.batchMaxBytes)
  assert(limits.rowBodyMaxBytes >= 2 * limits.propertiesMaxBytes)
  assert(limits.payloadWindowBytes >= 2 * limits.chunkMaxBytes)
  assert(limits.bundleBytes + KiB < limits.wireMessageMaxBytes && limits.laneQueueBytes > limits.controlMessageMaxBytes)
  assert(limits.sealArenaBytes >= 4 * limits.chunkMaxBytes)
  assert(limits.segmentMaxBytes >= limits.segmentMaxReferences * 128)
  assert(limits.apiHeadersMaxBytes > 3 * limits.pathMaxBytes + 16 * KiB)
  assert(limits.memberRowMaxBytes >= limits.hashesPerMemberRow * 34 + 1 * KiB)
  assert(limits.memberRowMaxBytes >= limits.membersPerPool * (limits.sealedSecretMaxBytes + 24) + 1 * KiB)
  assert(limits.admissionMaxBytes + 4 * KiB <= limits.controlMessageMaxBytes / 2)
  assert(limits.memberRowsPerPool * 64 + 4 * KiB <= limits.controlMessageMaxBytes)
  assert(limits.suspectAfterMs >= 3 * limits.heartbeatMs && limits.offlineAfterMs > limits.suspectAfterMs)
}
