#include "wire.h"

#include <stdlib.h>
#include <string.h>

struct reader reader_of(const void *data, size_t size) {
  const uint8_t *start = data;
  return (struct reader){.at = start, .end = size ? start + size : start, .failed = size > WIRE_MAX};
}

bool reader_done(const struct reader *reader) {
  return !reader->failed && reader->at == reader->end;
}

size_t reader_left(const struct reader *reader) {
  return reader->failed ? 0 : (size_t)(reader->end - reader->at);
}

/* `size` bytes, or NULL and `failed`. */
static const uint8_t *take(struct reader *reader, size_t size) {
  if (reader->failed || (size_t)(reader->end - reader->at) < size) {
    reader->failed = true;
    return NULL;
  }
  const uint8_t *start = reader->at;
  if (size)
    reader->at += size;
  return start;
}

static uint64_t little_endian(struct reader *reader, size_t size) {
  const uint8_t *bytes = take(reader, size);
  uint64_t value = 0;
  for (size_t i = 0; bytes && i < size; i++)
    value |= (uint64_t)bytes[i] << (8 * i);
  return value;
}

uint8_t read_u8(struct reader *reader) {
  return (uint8_t)little_endian(reader, 1);
}

uint16_t read_u16(struct reader *reader) {
  return (uint16_t)little_endian(reader, 2);
}

uint32_t read_u32(struct reader *reader) {
  return (uint32_t)little_endian(reader, 4);
}

uint64_t read_u64(struct reader *reader) {
  return little_endian(reader, 8);
}

bool read_bool(struct reader *reader) {
  uint8_t value = read_u8(reader);
  if (value > 1)
    reader->failed = true;
  return value == 1;
}

const char *read_string(struct reader *reader, uint32_t *size) {
  uint32_t length = read_u32(reader);
  const uint8_t *bytes = take(reader, (size_t)length + 1);
  if (!bytes || memchr(bytes, 0, (size_t)length + 1) != bytes + length) {
    reader->failed = true;
    length = 0;
    bytes = (const uint8_t *)"";
  }
  if (size)
    *size = length;
  return (const char *)bytes;
}

const uint8_t *read_bytes(struct reader *reader, uint32_t *size) {
  *size = read_u32(reader);
  const uint8_t *bytes = take(reader, *size);
  if (!bytes)
    *size = 0;
  return bytes;
}

char **read_strings(struct reader *reader, uint32_t *count) {
  uint32_t total = read_u32(reader);
  /* Each string is at least five bytes, so a count that lies cannot make us allocate more than the input's
   * size. */
  if (total > reader_left(reader) / 5)
    reader->failed = true;
  if (count)
    *count = 0;
  if (reader->failed)
    return NULL;
  char **list = calloc((size_t)total + 1, sizeof *list);
  for (uint32_t i = 0; list && i < total; i++)
    list[i] = (char *)(uintptr_t)read_string(reader, NULL);
  if (!list || reader->failed) {
    reader->failed = true;
    free(list);
    return NULL;
  }
  if (count)
    *count = total;
  return list;
}

/* Room for `size` more bytes, or NULL and `failed`. */
static uint8_t *room(struct writer *writer, size_t size) {
  if (writer->failed || size > WIRE_MAX || writer->size + size > WIRE_MAX) {
    writer->failed = true;
    return NULL;
  }
  if (writer->size + size > writer->capacity) {
    size_t capacity = writer->capacity ? writer->capacity * 2 : 256;
    while (capacity < writer->size + size)
      capacity *= 2;
    uint8_t *grown = realloc(writer->data, capacity);
    if (!grown) {
      writer->failed = true;
      return NULL;
    }
    writer->data = grown;
    writer->capacity = capacity;
  }
  uint8_t *start = writer->data + writer->size;
  writer->size += size;
  return start;
}

static void store(uint8_t *to, uint64_t value, size_t size) {
  for (size_t i = 0; i < size; i++)
    to[i] = (uint8_t)(value >> (8 * i));
}

static void put(struct writer *writer, uint64_t value, size_t size) {
  uint8_t *to = room(writer, size);
  if (to)
    store(to, value, size);
}

void write_u8(struct writer *writer, uint8_t value) {
  put(writer, value, 1);
}

void write_u16(struct writer *writer, uint16_t value) {
  put(writer, value, 2);
}

void write_u32(struct writer *writer, uint32_t value) {
  put(writer, value, 4);
}

void write_u64(struct writer *writer, uint64_t value) {
  put(writer, value, 8);
}

void write_bool(struct writer *writer, bool value) {
  put(writer, value, 1);
}

void write_bytes(struct writer *writer, const void *data, uint32_t size) {
  write_u32(writer, size);
  uint8_t *to = room(writer, size);
  if (to && size)
    memcpy(to, data, size);
}

void write_string(struct writer *writer, const char *text) {
  size_t size = strlen(text);
  write_bytes(writer, text, size > WIRE_MAX ? WIRE_MAX + 1 : (uint32_t)size);
  write_u8(writer, 0);
}

size_t message_begin(struct writer *writer) {
  size_t mark = writer->size;
  write_u32(writer, 0);
  return mark;
}

void message_end(struct writer *writer, size_t mark) {
  if (!writer->failed)
    store(writer->data + mark, writer->size - mark - 4, 4);
}

void writer_free(struct writer *writer) {
  free(writer->data);
  *writer = (struct writer){0};
}
