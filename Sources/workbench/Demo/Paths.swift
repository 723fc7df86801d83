import Foundation

/// Paths as a person at this prompt would write them.
enum Paths {
    /// Relative to the current folder, if it lies below it.
    ///
    /// - Parameter base: Where a relative path starts from.
    static func short(_ path: String, in base: String = "") -> String {
        let absolute = path.hasPrefix("/") || base.isEmpty ? path : "\(base)/\(path)"
        let here = FileManager.default.currentDirectoryPath + "/"
        return absolute.hasPrefix(here) ? String(absolute.dropFirst(here.count)) : absolute
    }
}
