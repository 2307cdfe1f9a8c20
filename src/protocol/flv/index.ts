export { findHeaderTags, flvStartBytes } from './seek.js';
export { type FlvTag, TagType, tagHeaderBytes, tagSizeBytes } from './tag.js';
export { audioDataOffset, videoDataOffset } from './tag-body.js';
export { bringsFrame, isMultitrack, readAudioTag, readVideoTag } from './tag-info.js';
export { FlvReader } from './tag-reader.js';
export { flvHeader, tagLength, writeTag } from './tag-writer.js';
