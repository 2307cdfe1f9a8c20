export {
  decodeAmf0,
  decodeAmf0All,
  decodeAmf0Leading,
  decodeAmf3,
  encodeAmf0,
  encodeAmf3,
  readDataName,
} from './codec.js';
export { AmfObject, type AmfValue } from './value.js';
