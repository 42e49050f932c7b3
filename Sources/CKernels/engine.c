// oneDNN's engine and the products made for it: one primitive for each size, made at first need and kept.
#include "engine.h"

#include <pthread.h>
#include <stdlib.h>

struct pare_engine {
  dnnl_engine_t engine;
  pthread_mutex_t lock;
  product *products;
};

struct pare_engine *pare_engine_create(void) {
  struct pare_engine *engine = calloc(1, sizeof *engine);
  if (!engine) return NULL;
  if (dnnl_engine_create(&engine->engine, dnnl_cpu, 0) != dnnl_success) {
    free(engine);
    return NULL;
  }
  pthread_mutex_init(&engine->lock, NULL);
  return engine;
}

static void product_destroy(product *p) {
  if (p->primitive) dnnl_primitive_destroy(p->primitive);
  descriptor_destroy(&p->source);
  descriptor_destroy(&p->weight);
  descriptor_destroy(&p->bias);
  descriptor_destroy(&p->target);
  descriptor_destroy(&p->scratch);
  free(p);
}

void pare_engine_destroy(struct pare_engine *engine) {
  for (product *p = engine->products, *next; p; p = next) {
    next = p->next;
    product_destroy(p);
  }
  dnnl_engine_destroy(engine->engine);
  pthread_mutex_destroy(&engine->lock);
  free(engine);
}

dnnl_engine_t pare_engine_handle(struct pare_engine *engine) { return engine->engine; }

static product *product_create(struct pare_engine *engine, const product_key *key, const descriptor *layout) {
  product *p = calloc(1, sizeof *p);
  if (!p) return NULL;
  p->key = *key;
  const dnnl_dims_t source = {key->rows, key->inputs}, source_strides = {key->inputs, 1};
  const dnnl_dims_t weight = {key->inputs, key->outputs};
  const dnnl_dims_t bias = {1, key->outputs}, bias_strides = {key->outputs, 1};
  const dnnl_dims_t target = {key->rows, key->outputs}, target_strides = {key->target_stride, 1};
  descriptor wanted;
  memset(&wanted, 0, sizeof wanted);
  dnnl_primitive_attr_t attributes = NULL;
  dnnl_primitive_desc_t description = NULL;
  bool sound = descriptor_strided(&p->source, 2, source, dnnl_f32, source_strides) == dnnl_success
    && descriptor_strided(&p->bias, 2, bias, dnnl_f32, bias_strides) == dnnl_success
    && descriptor_strided(&p->target, 2, target, dnnl_f32, target_strides) == dnnl_success
    && (layout ? descriptor_copy(&wanted, view(layout)) : descriptor_any(&wanted, 2, weight, dnnl_f32)) == dnnl_success
    && dnnl_primitive_attr_create(&attributes) == dnnl_success
    // The caller's scratch memory: the library's own is bound to the thread that made the primitive.
    && dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user) == dnnl_success
    && matmul_describe(&description, engine->engine, &p->source, &wanted, key->has_bias ? &p->bias : NULL, &p->target,
         attributes) == dnnl_success
    && descriptor_copy(&p->weight, dnnl_primitive_desc_query_md(description, dnnl_query_weights_md, 0)) == dnnl_success
    && descriptor_copy(&p->scratch, dnnl_primitive_desc_query_md(description, dnnl_query_scratchpad_md, 0))
         == dnnl_success
    && dnnl_primitive_create(&p->primitive, description) == dnnl_success;
  if (sound) p->scratch_bytes = dnnl_memory_desc_get_size(view(&p->scratch));
  if (description) dnnl_primitive_desc_destroy(description);
  if (attributes) dnnl_primitive_attr_destroy(attributes);
  descriptor_destroy(&wanted);
  if (sound) return p;
  product_destroy(p);
  return NULL;
}

const product *pare_engine_product(struct pare_engine *engine, const product_key *key, const descriptor *layout) {
  pthread_mutex_lock(&engine->lock);
  product *p = engine->products;
  while (p && memcmp(&p->key, key, sizeof *key) != 0) p = p->next;
  if (!p) {
    pare_thread_state before = pare_enter_products();
    p = product_create(engine, key, layout);
    pare_leave_products(&before);
    if (p) {
      p->next = engine->products;
      engine->products = p;
    }
  }
  pthread_mutex_unlock(&engine->lock);
  return p;
}

void pare_onednn_version(int *major, int *minor, int *patch) {
  const dnnl_version_t *version = dnnl_version();
  *major = version->major;
  *minor = version->minor;
  *patch = version->patch;
}

const char *pare_onednn_isa(void) {
  switch ((int)dnnl_get_effective_cpu_isa()) {
    case dnnl_cpu_isa_sse41: return "sse41";
    case dnnl_cpu_isa_avx: return "avx";
    case dnnl_cpu_isa_avx2: return "avx2";
    case dnnl_cpu_isa_avx2_vnni: return "avx2_vnni";
    case dnnl_cpu_isa_avx512_core: return "avx512_core";
    case dnnl_cpu_isa_avx512_core_vnni: return "avx512_core_vnni";
    case dnnl_cpu_isa_avx512_core_bf16: return "avx512_core_bf16";
    case dnnl_cpu_isa_avx512_core_amx: return "avx512_core_amx";
    default: return "other";
  }
}
