/*
 * A Vulkan library that Chromium takes for SwiftShader and that is another driver: it hands every call to the system's
 * Vulkan loader (which VK_ICD_FILENAMES points at Mesa's lavapipe) and answers with SwiftShader's ids when asked who it is,
 * because these are the only ids of a CPU that Chromium accepts for WebGPU. For tests and benchmarks alone; it can go when
 * Chromium takes other software adapters.
 */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define VENDOR_GOOGLE 0x1AE0u
#define DEVICE_SWIFTSHADER 0xC0DEu

typedef void (*Function)(void);
typedef Function (*GetProc)(void *instance, const char *name);
/* VkPhysicalDeviceProperties begins with four words: api version, driver version, vendor id, device id. */
typedef void (*GetProperties)(void *device, uint32_t *properties);

static GetProc loader;
static GetProperties properties_of, properties2_of;

static void rename_device(uint32_t *properties) {
  properties[2] = VENDOR_GOOGLE;
  properties[3] = DEVICE_SWIFTSHADER;
}

static void get_properties(void *device, uint32_t *properties) {
  properties_of(device, properties);
  rename_device(properties);
}

/* VkPhysicalDeviceProperties2 has a type and a pointer before them: 16 bytes. */
static void get_properties2(void *device, uint32_t *properties2) {
  properties2_of(device, properties2);
  rename_device(properties2 + 4);
}

__attribute__((visibility("default"))) Function vkGetInstanceProcAddr(void *instance, const char *name) {
  if (loader == NULL) {
    void *library = dlopen("libvulkan.so.1", RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
      fprintf(stderr, "no Vulkan loader: %s\n", dlerror());
      return NULL;
    }
    loader = (GetProc)dlsym(library, "vkGetInstanceProcAddr");
    if (loader == NULL) return NULL;
  }
  if (strcmp(name, "vkGetInstanceProcAddr") == 0) return (Function)vkGetInstanceProcAddr;
  Function found = loader(instance, name);
  if (found == NULL) return NULL;
  if (strcmp(name, "vkGetPhysicalDeviceProperties") == 0) {
    properties_of = (GetProperties)found;
    return (Function)get_properties;
  }
  if (strcmp(name, "vkGetPhysicalDeviceProperties2") == 0 || strcmp(name, "vkGetPhysicalDeviceProperties2KHR") == 0) {
    properties2_of = (GetProperties)found;
    return (Function)get_properties2;
  }
  return found;
}
