import Foundation

/// The ignored folder in which tests, demo and benchmarks keep what they install.
package enum TestCache {
    /// `CAST2MD_TEST_CACHE`, else `.cache` in the package.
    package static let path: String = {
        if let path = ProcessInfo.processInfo.environment["CAST2MD_TEST_CACHE"], !path.isEmpty { return path }
        return URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent(".cache").path
    }()
}
