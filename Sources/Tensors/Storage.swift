// The memory behind tensors.

import CKernels
import Synchronization

/// Floats that several tensors may share; a class because identity says who else holds them.
final class Storage: @unchecked Sendable {
  let pointer: UnsafeMutablePointer<Float>
  let count: Int
  /// The file whose pages these are; `nil` for memory of our own.
  private let file: MappedFile?
  /// What products in bfloat16 work on; dropped when an element changes.
  let narrowCopy = Mutex<NarrowCopy?>(nil)

  var isWritable: Bool { file == nil }

  init(count: Int) {
    guard let memory = pare_allocate(count * MemoryLayout<Float>.stride) else {
      preconditionFailure("out of memory: \(count * 4) bytes for a tensor")
    }
    pointer = memory.bindMemory(to: Float.self, capacity: count)
    self.count = count
    file = nil
  }

  init(mapping start: UnsafePointer<Float>, count: Int, of file: MappedFile) {
    pointer = UnsafeMutablePointer(mutating: start)
    self.count = count
    self.file = file
  }

  /// To be called before elements are written.
  func willChange() { narrowCopy.withLock { $0 = nil } }

  /// Gives a mapped file's pages back to the system; reading them again brings them back.
  func releasePages() {
    if file != nil { pare_release_pages(pointer, count * MemoryLayout<Float>.stride) }
  }

  deinit {
    if file == nil { pare_release(pointer, count * MemoryLayout<Float>.stride) }
  }
}
