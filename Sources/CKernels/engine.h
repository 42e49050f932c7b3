// A matrix product with a packed weight, as oneDNN made it, and where it is kept.
#ifndef PARE_ENGINE_H
#define PARE_ENGINE_H

#include "device.h"
#include "onednn.h"

/// Sizes that decide a primitive; compared byte by byte, hence no padding.
typedef struct {
  int32_t rows, inputs, outputs, target_stride, has_bias;
} product_key;

typedef struct product {
  product_key key;
  dnnl_primitive_t primitive;
  descriptor source, weight, bias, target, scratch;
  size_t scratch_bytes;
  struct product *next;
} product;

dnnl_engine_t pare_engine_handle(struct pare_engine *engine);
/// The product for `key`, made if there is none; `layout` NULL lets oneDNN choose the weight's. NULL on failure.
const product *pare_engine_product(struct pare_engine *engine, const product_key *key, const descriptor *layout);

#endif
