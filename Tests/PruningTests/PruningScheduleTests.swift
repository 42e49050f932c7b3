import Pruning
import Testing

@Suite struct PruningScheduleTests {
  @Test(arguments: PruningSchedule.allCases, [1, 2, 3, 7, 40])
  func removalsNeverFallAndEndAtTheGoal(schedule: PruningSchedule, steps: Int) {
    for total in [1, 2, 5, 48, 1000] {
      for goal in Set([0, 1, total / 3, total / 2, total - 1, total]) {
        let removals = (0...steps).map {
          schedule.removals(after: $0, of: steps, removing: goal, of: total)
        }
        #expect(removals[0] == 0 || steps == 0)
        #expect(removals.last == goal)
        #expect(removals == removals.sorted() && removals.allSatisfy { (0...goal).contains($0) })
      }
    }
  }

  private func removals(_ schedule: PruningSchedule, steps: Int, goal: Int, of total: Int) -> [Int]
  {
    (1...steps).map { schedule.removals(after: $0, of: steps, removing: goal, of: total) }
  }

  @Test func eachScheduleIsItsFormula() {
    #expect(removals(.linear, steps: 4, goal: 40, of: 100) == [10, 20, 30, 40])
    // 100, 50, 25, 12.5: half of what is left in each step.
    #expect(removals(.exponential, steps: 3, goal: 875, of: 1000) == [500, 750, 875])
    // 1 − (1 − 1/4)³ = 0.578, 0.875, 0.984.
    #expect(removals(.cubic, steps: 4, goal: 1000, of: 2000) == [578, 875, 984, 1000])
  }

  @Test func allCanGoByHalves() {
    #expect(removals(.exponential, steps: 4, goal: 16, of: 16) == [8, 12, 14, 16])
  }
}
