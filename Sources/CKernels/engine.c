// oneDNN's engine and the products made for it: one primitive for each size, made at first need and kept.
#include "engine.h"

#include <pthread.h>
#include <stdlib.h>

enum { BUCKETS = 512 };

struct pare_engine {
  dnnl_engine_t engine;
  pthread_mutex_t lock;
  product *products[BUCKETS];
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
  for (int bucket = 0; bucket < BUCKETS; bucket++)
    for (product *p = engine->products[bucket], *next; p; p = next) {
      next = p->next;
      product_destroy(p);
    }
  dnnl_engine_destroy(engine->engine);
  pthread_mutex_destroy(&engine->lock);
  free(engine);
}

dnnl_engine_t pare_engine_handle(struct pare_engine *engine) { return engine->engine; }

static dnnl_data_type_t type_of(int32_t element) { return element == PARE_BF16 ? dnnl_bf16 : dnnl_f32; }

static dnnl_status_t set_sum(dnnl_primitive_attr_t attributes) {
  dnnl_post_ops_t operations;
  dnnl_status_t status = dnnl_post_ops_create(&operations);
  if (status != dnnl_success) return status;
  status = append_sum(operations);
  if (status == dnnl_success) status = dnnl_primitive_attr_set_post_ops(attributes, operations);
  dnnl_post_ops_destroy(operations);
  return status;
}

static product *product_create(struct pare_engine *engine, const product_key *key, const descriptor *layout) {
  product *p = calloc(1, sizeof *p);
  if (!p) return NULL;
  p->key = *key;
  dnnl_data_type_t type = type_of(key->element);
  const dnnl_dims_t source = {key->rows, key->inputs};
  const dnnl_dims_t source_strides = {key->source_strides[0], key->source_strides[1]};
  const dnnl_dims_t weight = {key->inputs, key->outputs};
  const dnnl_dims_t weight_strides = {key->weight_strides[0], key->weight_strides[1]};
  const dnnl_dims_t bias = {1, key->outputs}, bias_strides = {key->outputs, 1};
  const dnnl_dims_t target = {key->rows, key->outputs}, target_strides = {key->target_stride, 1};
  descriptor wanted;
  memset(&wanted, 0, sizeof wanted);
  dnnl_primitive_attr_t attributes = NULL;
  dnnl_primitive_desc_t description = NULL;
  bool sound = descriptor_strided(&p->source, 2, source, type, source_strides) == dnnl_success
    && descriptor_strided(&p->bias, 2, bias, dnnl_f32, bias_strides) == dnnl_success
    && descriptor_strided(&p->target, 2, target, dnnl_f32, target_strides) == dnnl_success
    && (layout ? descriptor_copy(&wanted, view(layout))
          : key->weight_strides[0] ? descriptor_strided(&wanted, 2, weight, type, weight_strides)
                                   : descriptor_any(&wanted, 2, weight, type)) == dnnl_success
    && dnnl_primitive_attr_create(&attributes) == dnnl_success && (!key->adds || set_sum(attributes) == dnnl_success)
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
  uint32_t hash = 0;
  for (size_t i = 0; i < sizeof *key / sizeof(int32_t); i++)
    hash = (hash ^ (uint32_t)((const int32_t *)key)[i]) * 0x9e3779b1u;
  product **bucket = &engine->products[(hash >> 16) % BUCKETS];
  pthread_mutex_lock(&engine->lock);
  product *p = *bucket;
  while (p && memcmp(&p->key, key, sizeof *key) != 0) p = p->next;
  if (!p) {
    pare_thread_state before = pare_enter_products();
    p = product_create(engine, key, layout);
    pare_leave_products(&before);
    if (p) {
      p->next = *bucket;
      *bucket = p;
    }
  }
  pthread_mutex_unlock(&engine->lock);
  return p;
}

bool pare_product_execute(struct pare_engine *engine, const product *p, const void *source, const void *weight,
  const float *bias, float *target) {
  dnnl_engine_t handle = engine->engine;
  dnnl_memory_t memories[5] = {NULL};
  dnnl_stream_t stream = NULL;
  void *scratch = pare_allocate(p->scratch_bytes + 1);
  bool sound = scratch && dnnl_memory_create(&memories[0], view(&p->source), handle, (void *)source) == dnnl_success
    && dnnl_memory_create(&memories[1], view(&p->weight), handle, (void *)weight) == dnnl_success
    && dnnl_memory_create(&memories[2], view(&p->target), handle, target) == dnnl_success
    && dnnl_memory_create(&memories[3], view(&p->scratch), handle, scratch) == dnnl_success
    && (!bias || dnnl_memory_create(&memories[4], view(&p->bias), handle, (void *)bias) == dnnl_success)
    && dnnl_stream_create(&stream, handle, dnnl_stream_default_flags) == dnnl_success;
  if (sound) {
    const dnnl_exec_arg_t arguments[] = {{DNNL_ARG_SRC, memories[0]}, {DNNL_ARG_WEIGHTS, memories[1]},
      {DNNL_ARG_DST, memories[2]}, {DNNL_ARG_SCRATCHPAD, memories[3]}, {DNNL_ARG_BIAS, memories[4]}};
    sound = dnnl_primitive_execute(p->primitive, stream, bias ? 5 : 4, arguments) == dnnl_success
      && dnnl_stream_wait(stream) == dnnl_success;
  }
  if (stream) dnnl_stream_destroy(stream);
  for (int i = 0; i < 5; i++)
    if (memories[i]) dnnl_memory_destroy(memories[i]);
  if (scratch) pare_release(scratch, p->scratch_bytes + 1);
  return sound;
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
