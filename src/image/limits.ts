/** The largest manifest or index, in bytes: what the OCI distribution spec asks registries to take. */
export const MANIFEST_LIMIT = 4 * 1024 * 1024;

/** The largest image config, in bytes. */
export const CONFIG_LIMIT = 4 * 1024 * 1024;

/** The most layers an image may have; overlay stacks end at 127 or 500, checkouts could go on. */
export const LAYER_COUNT_LIMIT = 1000;

/** How many indexes may lead to one another before the manifest comes. */
export const INDEX_DEPTH_LIMIT = 4;

/** How many manifests and indexes are read to find the one of a platform. */
export const DOCUMENT_COUNT_LIMIT = 32;

/** The most values in a manifest, index or config. */
export const JSON_VALUE_LIMIT = 250_000;
