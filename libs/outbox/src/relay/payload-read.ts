/**
 * Bytes of a payload that are read at most: what is longer comes cut off here, and must be refused. That is more than any
 * Kafka takes in a request (100 MiB). pg reads a payload as text of twice its length, and from 256 MiB on that is
 * longer than a string of JavaScript can be: an error in the middle of the connection, which ends every relay in turn.
 */
export const largestPayloadRead = 100 * 1024 * 1024;

/** SQL for as much of the payload of a row as is read. In the outermost select, behind the bound on bytes. */
export const payloadUpToLargest = `case when octet_length(payload) > ${largestPayloadRead} then substring(payload, 1, ${largestPayloadRead}) else payload end`;
