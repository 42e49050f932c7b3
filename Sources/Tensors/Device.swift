// Where operations run: a pool of threads and oneDNN's engine.

import CKernels

/// A pool of threads with the matrix engine; every operation is a method of it.
///
/// Results do not depend on the number of threads. A device may be used by many tasks at once:
/// while one has the pool, the others compute on their own thread. It is a class because it owns
/// threads.
public final class Device: Sendable {
  private let pool: Pool

  /// The number of threads, the caller's own among them.
  public let threads: Int
  /// How plain matrix products are computed.
  public let products: ProductPrecision

  var handle: OpaquePointer { pool.handle }

  /// Starts `threads` − 1 threads.
  public convenience init(threads: Int, products: ProductPrecision = .f32) {
    precondition(threads > 0, "a device needs at least one thread, not \(threads)")
    self.init(Pool(threads: threads), threads: threads, products: products)
  }

  private init(_ pool: Pool, threads: Int, products: ProductPrecision) {
    (self.pool, self.threads, self.products) = (pool, threads, products)
  }

  /// The same threads with products of another precision.
  public func computing(_ products: ProductPrecision) -> Device {
    Device(pool, threads: threads, products: products)
  }

  private final class Pool: @unchecked Sendable {
    let handle: OpaquePointer

    init(threads: Int) {
      guard let handle = pare_device_create(Int32(threads)) else {
        preconditionFailure("cannot start \(threads) threads or oneDNN's CPU engine")
      }
      self.handle = handle
    }

    deinit { pare_device_destroy(handle) }
  }

  /// Calls `body` once for each index below `count`, shared among the threads.
  ///
  /// Operations on this device from within `body` run on the calling thread alone, so that
  /// independent pieces of work (groups of sentences) go side by side without waiting for each
  /// other.
  public func forEach(_ count: Int, _ body: @Sendable (Int) -> Void) {
    withoutActuallyEscaping(body) { body in
      var context = Body(call: body)
      withUnsafeMutablePointer(to: &context) { context in
        pare_run(
          handle, Int32(count),
          { context, index in
            context?.assumingMemoryBound(to: Body.self).pointee.call(Int(index))
          }, context)
      }
    }
  }

  private struct Body { let call: @Sendable (Int) -> Void }

  /// The results of `body` for each index below `count`, shared among the threads as `forEach`
  /// does.
  public func map<T: Sendable>(_ count: Int, _ body: @Sendable (Int) -> T) -> [T] {
    let slots = Slots<T>(count)
    forEach(count) { slots.memory[$0] = body($0) }
    return slots.memory.compactMap { $0 }
  }

  /// A place for each index's result; each is written once, by one thread.
  private final class Slots<T>: @unchecked Sendable {
    let memory: UnsafeMutableBufferPointer<T?>

    init(_ count: Int) {
      memory = .allocate(capacity: count)
      memory.initialize(repeating: nil)
    }

    deinit {
      memory.deinitialize()
      memory.deallocate()
    }
  }

  /// oneDNN's version and the instruction set it uses here, such as `oneDNN 2.6.3, avx512_core`.
  public static var library: String {
    var (major, minor, patch): (Int32, Int32, Int32) = (0, 0, 0)
    pare_onednn_version(&major, &minor, &patch)
    return "oneDNN \(major).\(minor).\(patch), \(String(cString: pare_onednn_isa()))"
  }

  /// The most memory that this process ever had resident, in bytes.
  public static var peakMemory: Int { Int(pare_peak_memory()) }
}
