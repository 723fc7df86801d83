import CastCore
import Foundation
import Testing

@testable import PodFleet

/// What the image of pods asks of a host, and what hosts are chosen by.
struct ImageFloorTests {
    private static let image = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "deploy/afterburner")

    @Test func `hosts are chosen by the CUDA floor of the image`() throws {
        let floor = try String(contentsOf: Self.image.appending(path: "cuda-floor"), encoding: .utf8)
        #expect(FleetSetting.minimumCUDA.standard == floor.trimmingCharacters(in: .whitespacesAndNewlines))
    }

    @Test func `no host below the floor could start the image`() throws {
        let recipe = try String(contentsOf: Self.image.appending(path: "Dockerfile"), encoding: .utf8)
        let base = try #require(recipe.firstMatch(of: #/FROM nvidia/cuda:([0-9]+\.[0-9]+)\./#))
        let made = try #require(CUDAVersion(String(base.1)))
        let floor = try #require(CUDAVersion(FleetSetting.minimumCUDA.standard))
        #expect(floor >= made)
    }
}
