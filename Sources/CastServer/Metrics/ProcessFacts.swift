import Foundation

/// What the system says of this process.
package enum ProcessFacts {
    /// Bytes of memory that it holds; nil where the system does not say.
    package static var residentBytes: Int? {
        guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8),
            let pages = text.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
        else { return nil }
        return pages * sysconf(Int32(_SC_PAGESIZE))
    }

    /// Seconds of processor time that it used.
    package static var processorSeconds: Double { Double(clock()) / Double(CLOCKS_PER_SEC) }

    /// Bytes that are free where a path lies, for this user; nil when it cannot be said.
    package static func freeBytes(at path: String) -> Int64? {
        let values = try? FileManager.default.attributesOfFileSystem(forPath: path)
        return (values?[.systemFreeSize] as? NSNumber)?.int64Value
    }
}
