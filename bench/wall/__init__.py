"""From a device's send to the changed pixel: everything at once on one machine, and how long each leg takes."""
