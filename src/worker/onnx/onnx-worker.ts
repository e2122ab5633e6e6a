/** The ONNX worker: messages in, messages out. The only file here that touches `self`. */
import type { OnnxReply, OnnxRequest } from '../api-onnx.ts';
import { toLinnetError } from '../errors.ts';
import { OnnxEmbedder } from './embedder.ts';

const embedder = new OnnxEmbedder();

self.addEventListener('message', ({ data }: MessageEvent<OnnxRequest>) => {
  void answer(data).then((reply) => {
    self.postMessage(reply);
  });
});

async function answer(request: OnnxRequest): Promise<OnnxReply> {
  const { id } = request;
  try {
    return { id, ...(await embedder.embed(request)) };
  } catch (thrown) {
    const { name, message } = toLinnetError(thrown);
    return { id, error: { name, message } };
  }
}
