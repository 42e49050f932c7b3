// The few differences between oneDNN's 2.x and 3.x interfaces, in one place: descriptors became opaque, and a matrix
// product lost its operation descriptor.
#ifndef PARE_ONEDNN_H
#define PARE_ONEDNN_H

#include <oneapi/dnnl/dnnl.h>
#include <string.h>

#if DNNL_VERSION_MAJOR >= 3
typedef dnnl_memory_desc_t descriptor;
typedef const_dnnl_memory_desc_t descriptor_view;
static inline descriptor_view view(const descriptor *d) { return *d; }
static inline void descriptor_destroy(descriptor *d) {
  if (*d) dnnl_memory_desc_destroy(*d);
  *d = NULL;
}
static inline dnnl_status_t descriptor_copy(descriptor *d, descriptor_view from) {
  return dnnl_memory_desc_clone(d, from);
}
static inline dnnl_status_t descriptor_any(descriptor *d, int rank, const dnnl_dims_t dims, dnnl_data_type_t type) {
  return dnnl_memory_desc_create_with_tag(d, rank, dims, type, dnnl_format_tag_any);
}
static inline dnnl_status_t descriptor_strided(
  descriptor *d, int rank, const dnnl_dims_t dims, dnnl_data_type_t type, const dnnl_dims_t strides) {
  return dnnl_memory_desc_create_with_strides(d, rank, dims, type, strides);
}
static inline dnnl_status_t matmul_describe(dnnl_primitive_desc_t *pd, dnnl_engine_t engine, const descriptor *source,
  const descriptor *weight, const descriptor *bias, const descriptor *target, dnnl_primitive_attr_t attributes) {
  return dnnl_matmul_primitive_desc_create(
    pd, engine, *source, *weight, bias ? *bias : NULL, *target, attributes);
}
static inline dnnl_status_t append_sum(dnnl_post_ops_t operations) {
  return dnnl_post_ops_append_sum(operations, 1, 0, dnnl_data_type_undef);
}
#else
typedef dnnl_memory_desc_t descriptor;
typedef const dnnl_memory_desc_t *descriptor_view;
static inline descriptor_view view(const descriptor *d) { return d; }
static inline void descriptor_destroy(descriptor *d) { (void)d; }
static inline dnnl_status_t descriptor_copy(descriptor *d, descriptor_view from) {
  *d = *from;
  return dnnl_success;
}
static inline dnnl_status_t descriptor_any(descriptor *d, int rank, const dnnl_dims_t dims, dnnl_data_type_t type) {
  return dnnl_memory_desc_init_by_tag(d, rank, dims, type, dnnl_format_tag_any);
}
static inline dnnl_status_t descriptor_strided(
  descriptor *d, int rank, const dnnl_dims_t dims, dnnl_data_type_t type, const dnnl_dims_t strides) {
  return dnnl_memory_desc_init_by_strides(d, rank, dims, type, strides);
}
static inline dnnl_status_t matmul_describe(dnnl_primitive_desc_t *pd, dnnl_engine_t engine, const descriptor *source,
  const descriptor *weight, const descriptor *bias, const descriptor *target, dnnl_primitive_attr_t attributes) {
  dnnl_matmul_desc_t operation;
  dnnl_status_t status = dnnl_matmul_desc_init(&operation, source, weight, bias, target);
  if (status != dnnl_success) return status;
  return dnnl_primitive_desc_create(pd, &operation, attributes, engine, NULL);
}
static inline dnnl_status_t append_sum(dnnl_post_ops_t operations) { return dnnl_post_ops_append_sum(operations, 1); }
#endif

#endif
