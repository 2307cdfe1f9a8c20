import type { Payload } from '../../core/index.js';

export const TagType = { audio: 8, video: 9, script: 18 } as const;
export type TagType = (typeof TagType)[keyof typeof TagType];

export interface FlvTag {
  readonly type: TagType;
  /** ms, uint32: the wire wraps. */
  readonly timestamp: number;
  readonly payload: Payload;
}

/** What the file says about itself; encoders are often wrong about it. */
export interface FlvHeader {
  readonly audio: boolean;
  readonly video: boolean;
}

export const fileHeaderBytes = 9;
export const tagHeaderBytes = 11;
export const tagSizeBytes = 4;
