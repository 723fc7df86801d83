#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Linux's `syncfs(2)`, which Swift's module of the C library leaves out.
enum FileSystemSync {
    private typealias Call = @convention(c) (Int32) -> Int32

    private static let call: Call? = dlsym(nil, "syncfs").map { unsafeBitCast($0, to: Call.self) }

    /// Brings the whole file system of an open file to the disk.
    ///
    /// - Returns: 0, or −1 with `errno` set.
    static func run(_ descriptor: Int32) -> Int32 {
        if let call = self.call { return call(descriptor) }
        // Elsewhere all file systems, which takes longer and is as good.
        sync()
        return 0
    }
}
